#pragma once

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/base/civil_date.h"

namespace perennial::subscription::core {

// How to go on after a declined payment (R17); payment_token names the class.
enum class DeclineClass { kSoft, kHard, kCustomerAction };

// When an automatic renewal is tried: data, not code (R15, R17). Days are civil days in the term's zone.
struct DunningPolicy {
  int lead_days = 0;                 // first attempt so many days before the expiry
  int window_days = 0;               // attempts end so many days after that one
  std::vector<int> soft_days;        // days after the first attempt, from 0; hard declines have no ladder
  int attempts_per_30_days_max = 0;  // of one product, new methods included; Visa allows 20 a card
  int attempts_per_day_max = 0;      // Mastercard allows 10 a card
  int upcoming_days = 0;             // renewal.upcoming so many days before the expiry (R19)
  int expiring_days = 0;             // product.expiring
  int last_warning_days = 0;         // product.ending so many days before the attempts' end (R19, R20)
};

// INVALID_ARGUMENT unless the ladder ascends within the window and stays within the networks' limits.
absl::Status CheckDunningPolicy(const DunningPolicy& policy);

// Start of the civil day `days` away from `date` in `zone`.
absl::Time StartOfDayAfter(CivilDate date, int days, const std::string& zone);

// The first rung after `now` of a ladder that began at `first_attempt` and ends at `ends_at`. Where that cuts
// it short, what is cut off is one try a day before the end, so that what the customer hears of it is of use.
std::optional<absl::Time> NextRung(const DunningPolicy& policy, absl::Time first_attempt,
                                   const std::string& zone, absl::Time now, absl::Time ends_at);

// The rung of the day of `now`: the last one that was reached. Starts at 0.
int RungOf(const DunningPolicy& policy, absl::Time first_attempt, const std::string& zone, absl::Time now);

// When one more attempt stays within the limits of the card networks: `now`, or later.
absl::Time NextAllowed(const DunningPolicy& policy, std::vector<absl::Time> attempts, absl::Time now);

}  // namespace perennial::subscription::core
