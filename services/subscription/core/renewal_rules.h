#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "services/subscription/core/catalogue.h"
#include "services/subscription/core/order.h"
#include "services/subscription/core/quoting.h"

// What time and the customer's switches do to a product (R11, R14, R15, R17–R19). All are pure, and safe to
// run again: each checks that its moment has come and has not been used yet.
namespace perennial::subscription::core {

// Opens the order of the renewal that is due. False: not due, or another order is in the way, then looked at
// again later.
absl::StatusOr<bool> OpenRenewal(const Catalogue& catalogue, const Customer& customer, const Uuid& order_id,
                                 Aggregate& aggregate, absl::Time now);

// The same day is looked at again later: nothing could be delivered now, as of a mailbox whose domain is not
// active (R31). It stays due for as long as the product can come back.
void PutOffRenewal(Aggregate& aggregate, absl::Time now);

struct ProductSettings {
  std::optional<bool> auto_renew = {};
  std::optional<std::string> next_plan_id = {};  // empty: no change of plan
  std::optional<int> next_cycle_months = {};     // 0: no change of cycle
};
// PLAN_NOT_FOUND, NOT_A_DOWNGRADE, CYCLE_NOT_OFFERED, PRODUCT_NOT_RENEWABLE, ORDER_IN_PROGRESS.
absl::Status ChangeSettings(const Catalogue& catalogue, const ProductSettings& settings, Aggregate& aggregate,
                            absl::Time now);

// The end of the last paid term (R18). False if it has not come.
bool Expire(const DunningPolicy& policy, Aggregate& aggregate, absl::Time now);
// The end of the time in which it can come back.
bool End(const DunningPolicy& policy, Aggregate& aggregate, absl::Time now);
// The notices before renewal and expiry (R19).
bool TellAhead(const Catalogue& catalogue, Aggregate& aggregate, absl::Time now);

// A new payment method, by its name: the open renewal is tried with it at once, or as soon as the attempt
// under way is declined or the card networks allow one more (R17); should it decline, the next attempts
// choose by R16 again, unless that names one that was declined for good. False if nothing is tried by this.
bool MethodArrived(const DunningPolicy& policy, Aggregate& aggregate, const std::string& method,
                   absl::Time now);

// A payment method is gone: a renewal that waits because of it is tried with the one that R16 names now.
bool MethodGone(const DunningPolicy& policy, Aggregate& aggregate, const std::string& method, absl::Time now);

// The product's site is deleted: a plan that is not active ends with it, anything else goes on without it.
// ORDER_IN_PROGRESS, SITE_HAS_PRODUCTS.
absl::Status LeaveSite(const DunningPolicy& policy, Aggregate& aggregate, absl::Time now);

// The account is deleted (R7): ends what no money is on its way for. True when nothing is open any more.
bool CloseForDeletion(Aggregate& aggregate, absl::Time now);

// How the next renewal stands (R13).
enum class RenewalState { kScheduled, kRetrying, kWaitingForMethod, kWaitingForCustomer, kOff, kPaid };
struct NextRenewal {
  RenewalState state = RenewalState::kOff;
  std::optional<absl::Time> attempt_at;
  std::optional<Money> amount;  // net
  const Order* order = nullptr;
};
NextRenewal NextRenewalOf(const Catalogue& catalogue, const Aggregate& aggregate, absl::Time now);

}  // namespace perennial::subscription::core
