#pragma once

#include <optional>
#include <string>
#include <variant>

#include "absl/time/time.h"
#include "libs/base/civil_date.h"
#include "libs/base/uuid.h"
#include "services/domain_mailbox/core/outcome.h"

namespace perennial::domain_mailbox::core {

struct RegisterDomain {
  std::string domain_name;
  int years = 0;
  bool operator==(const RegisterDomain&) const = default;
};
struct RenewDomain {
  int years = 0;
  CivilDate expected_paid_through;
  bool restore = false;
  bool operator==(const RenewDomain&) const = default;
};
struct CreateMailbox {
  Uuid domain_id;
  std::string local_part;
  int quota_mib = 0;
  bool operator==(const CreateMailbox&) const = default;
};
struct RenewMailbox {
  bool operator==(const RenewMailbox&) const = default;
};

// What was paid for.
struct Task {
  std::variant<RegisterDomain, RenewDomain, CreateMailbox, RenewMailbox> what;
  CivilDate paid_through;  // the product's expiry after it, in time_zone
  std::string time_zone;   // IANA
  bool operator==(const Task&) const = default;
};

enum class DeliveryState { kDone, kPending, kRejected, kRetryable, kUnknown };

// The delivery of one order's product (R31): exists from the moment it is asked for until its end is known.
struct Delivery {
  Uuid order_id;
  Uuid product_id;
  Uuid account_id;
  Task task;
  DeliveryState state = DeliveryState::kRetryable;
  std::optional<Rejection> rejection;
  std::string pending_reference;
  int attempt_count = 0;
  std::optional<absl::Time> next_attempt_at;  // nothing when final
  absl::Time created_at;
  absl::Time updated_at;
};

bool IsFinal(DeliveryState state);

// How long RETRYABLE is tried before the money goes back.
inline constexpr absl::Duration kTryFor = absl::Hours(72);

// A pause that doubles from 10 seconds to an hour. `failures` >= 1.
absl::Duration PauseAfter(int failures);

// A new delivery, due at once.
Delivery NewDelivery(const Uuid& order_id, const Uuid& product_id, const Uuid& account_id, Task task,
                     absl::Time now);

// The delivery after a back end was asked. Only RETRYABLE is given up, kTryFor after its beginning: then
// nothing has happened for certain. PENDING and UNKNOWN are asked about for ever, because giving money back
// for something that was delivered after all is as wrong as keeping it;
// perennial_deliveries_oldest_open_seconds tells people.
Delivery Advance(Delivery delivery, const Outcome& outcome, absl::Time now);

}  // namespace perennial::domain_mailbox::core
