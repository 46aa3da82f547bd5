#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/civil_date.h"
#include "libs/base/money.h"
#include "libs/base/uuid.h"
#include "services/subscription/core/dunning.h"

namespace perennial::subscription::core {

enum class ProductKind { kPlan, kDomain, kMailbox };
enum class ProductState { kPending, kActive, kExpired, kEnded, kReactivating };
enum class DeliveryState { kNotNeeded, kPending, kDone, kFailed };

// Anything bought that has an expiry date.
struct Product {
  Uuid id;
  Uuid account_id;
  ProductKind kind = ProductKind::kPlan;
  std::string display_name;
  std::optional<Uuid> site_id;
  std::string plan_id;                    // plan: that of the last term
  std::string domain_name;                // domain: A-labels
  std::optional<Uuid> domain_product_id;  // mailbox
  std::string local_part;                 // mailbox
  std::string mailbox_address;            // mailbox
  ProductState state = ProductState::kPending;
  DeliveryState delivery_state = DeliveryState::kNotNeeded;
  std::string currency;  // of all its terms
  int cycle_months = 0;  // of the last term

  // Dates come from the anchor, never from the last date (R15): expiry = start + paid_months.
  std::optional<CivilDate> start;  // the anchor: first day of the first term
  int paid_months = 0;
  std::string time_zone;  // the last term's

  // Days after its expiry in which it can come back, fixed when it is bought (R18, R20).
  int return_days = 0;

  bool auto_renew = true;
  std::string next_plan_id;   // empty: no change (R11)
  int next_cycle_months = 0;  // 0: no change
  // Name; its issuer declined an automatic renewal for good: not charged for one again by itself (R17).
  std::string declined_method;

  // When jobs look at it next; unset: never. Kept by Reschedule.
  std::optional<absl::Time> renew_at;
  std::optional<absl::Time> expires_at;
  std::optional<absl::Time> ends_at;
  std::optional<absl::Time> notice_at;
  int notice_stage = 0;  // 0: about a month before, 1: about a week before, 2: after expiry, 3: all told

  int64_t version = 0;       // changes with each change: the etag
  int64_t paid_version = 0;  // changes with its terms: a quote is for one of these
  absl::Time created_at;
  absl::Time updated_at;

  bool operator==(const Product&) const = default;
};

enum class TermState { kActive, kReplaced, kReversed };

// One paid, half-open interval [start, end).
struct Term {
  Uuid id;
  Uuid order_id;
  std::string plan_id;
  int cycle_months = 0;
  CivilDate start;
  CivilDate end;
  std::string time_zone;
  int64_t paid_minor = 0;
  // The same value exactly, because a split leaves fractions; so chained upgrades lose nothing (R10).
  Rational value;
  int whole_days = 0;  // days of the cycle it is (a part of)
  TermState state = TermState::kActive;
  absl::Time created_at;

  bool operator==(const Term&) const = default;
};

// Months after the anchor.
CivilDate DateAfter(const Product& product, int months);
// End of the last paid term. `product` has one.
CivilDate ExpiryOf(const Product& product);
// The day of `now` in the product's zone.
CivilDate TodayOf(const Product& product, absl::Time now);
// The term that counts on `day`, or null.
const Term* TermOn(const std::vector<Term>& terms, CivilDate day);
// Whether time after the current term is bought already.
bool PaidAhead(const Product& product, const std::vector<Term>& terms, absl::Time now);

// The day of the last warning: the expiry is over, and the time in which paying brings it back soon is.
CivilDate LastWarningOf(const DunningPolicy& policy, const Product& product);

// How many of the notices about the expiry were due by `at`.
int NoticesDueBy(const DunningPolicy& policy, const Product& product, absl::Time at);

// Sets all the moments at which jobs look at the product, from its state and expiry. `renewal_open`: an
// automatic renewal of the next term exists already. Expects the terms' change to be done. A renewal that was
// due and not opened before the expiry stays due; none becomes due after it.
void Reschedule(const DunningPolicy& policy, bool renewal_open, Product& product);

}  // namespace perennial::subscription::core
