#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace perennial::payment_token::core {

// How to go on after a decline (R17).
enum class DeclineClass {
  kNone,            // not declined
  kSoft,            // may succeed later with the same method
  kHard,            // never with this method
  kCustomerAction,  // the customer must act first
};

// Codes of our own, beside the gateway's.
inline constexpr absl::string_view kMethodRemoved =
    "payment_method_removed";                                          // deleted before the charge was sent
inline constexpr absl::string_view kNeverReceived = "never_received";  // the gateway has no trace of it
inline constexpr absl::string_view kActionExpired =
    "action_expired";                                       // the challenge was not answered in a day
inline constexpr absl::string_view kCanceled = "canceled";  // its caller gave it up
// Not sent: its card was declined too often lately (core/card_limits.h).
inline constexpr absl::string_view kCardExhausted = "card_attempts_exhausted";

// The class of a decline code. A code we do not know is soft: the network caps bound how often it is tried.
DeclineClass ClassOf(absl::string_view decline_code);

// The code as the customer may see it: that a card is lost, stolen or suspect is the bank's to say, for the
// one who holds it may be the thief (https://docs.stripe.com/declines/codes).
std::string CodeForCustomer(absl::string_view decline_code);

}  // namespace perennial::payment_token::core
