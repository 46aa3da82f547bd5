#pragma once

#include <string>
#include <variant>

namespace perennial::domain_mailbox::core {

// Why something was refused for good.
enum class Rejection {
  kDomainUnavailable,
  kDomainNameInvalid,
  kMailboxExists,
  kDomainInactive,
  kDomainNotRenewable,
  kBackEndRefused,
  kAttemptsExhausted,
};

// What came of asking a back end to do something. Never a bool: the difference between "did not happen" and
// "nobody knows" is the customer's money (R31).
struct Done {};
struct Pending {
  std::string reference;  // the back end's own, for support
};
struct Rejected {
  Rejection why;
};
struct Retryable {};  // failed, and certainly nothing happened
struct Unknown {};    // sent, no answer: ask what is there before sending again
using Outcome = std::variant<Done, Pending, Rejected, Retryable, Unknown>;

// What came of asking whether something can be had.
enum class Availability { kAvailable, kTaken, kReserved, kUnknown };

// What came of asking what is there.
struct Absent {};
struct NoAnswer {};

}  // namespace perennial::domain_mailbox::core
