#include "services/subscription/core/renewal_rules.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/subscription/core/facts.h"
#include "services/subscription/core/order_machine.h"

namespace perennial::subscription::core {
namespace {

constexpr absl::Duration kLookAgain = absl::Minutes(5);
constexpr absl::Duration kAskForDomain = absl::Hours(6);

absl::Time DunningEnd(const DunningPolicy& policy, const Product& product) {
  return StartOfDayAfter(ExpiryOf(product), policy.window_days - policy.lead_days, product.time_zone);
}

absl::Status ChangeNextPlan(const Catalogue& catalogue, const std::string& plan_id, Product& product) {
  if (plan_id.empty() || plan_id == product.plan_id) {
    product.next_plan_id.clear();
    return absl::OkStatus();
  }
  if (product.kind != ProductKind::kPlan) return InvalidField("product.next_plan", "only plans have one");
  if (plan_id == kFreePlan)
    return InvalidField("product.next_plan", "to end a paid plan, switch auto_renew off");
  ASSIGN_OR_RETURN(const Plan wanted, catalogue.FindPlanOnSale(plan_id));
  ASSIGN_OR_RETURN(const Plan present, catalogue.FindPlan(product.plan_id));
  if (wanted.rank > present.rank)
    return Precondition("NOT_A_DOWNGRADE", "the plan is of a higher rank: upgrade now");
  product.next_plan_id = plan_id;
  return absl::OkStatus();
}

absl::Status ChangeNextCycle(const Catalogue& catalogue, int cycle_months, Product& product) {
  if (cycle_months == 0 || cycle_months == product.cycle_months) {
    product.next_cycle_months = 0;
    return absl::OkStatus();
  }
  const std::string& plan_id = product.next_plan_id.empty() ? product.plan_id : product.next_plan_id;
  RETURN_IF_ERROR(RenewalPrice(catalogue, product, plan_id, cycle_months).status());
  product.next_cycle_months = cycle_months;
  return absl::OkStatus();
}

// For a link of this order to be used, or another by the same attempt.
bool WaitsForCustomer(const Aggregate& aggregate, const Order& order) {
  const Attempt* attempt = aggregate.CurrentAttempt(order);
  return order.step != OrderStep::kCancelCharge && attempt != nullptr &&
         attempt->state == AttemptState::kRequiresAction;
}

void SwitchAutoRenew(bool on, Aggregate& aggregate, absl::Time now) {
  aggregate.product.auto_renew = on;
  Order* order = OpenAutomaticRenewal(aggregate);
  if (on || order == nullptr) return;
  // One that is charging now is finished first; if it is declined, it ends then (R14). So it does when a link
  // that nobody used yet is taken back.
  if (WaitsForCustomer(aggregate, *order)) return TakeBackChallenge(*order, now);
  if (!IsCharging(aggregate, *order)) Fail(aggregate, *order, OrderFailure::kAutoRenewOff, now);
}

// What is chosen while retries run counts for them too (R11): as an order of its own, for what was told of
// the first one stays true of it. The ladder goes on where it was.
absl::Status ReplaceOpenRenewal(const Catalogue& catalogue, Aggregate& aggregate, absl::Time now) {
  Order* open = OpenAutomaticRenewal(aggregate);
  if (open == nullptr) return absl::OkStatus();
  const Customer customer{open->offer.language, open->offer.time_zone};
  Order next = *open;
  ASSIGN_OR_RETURN(next.offer, OfferAutomaticRenewal(catalogue, aggregate, customer, now));
  next.id = Uuid::DeriveInOrder(open->id, "replaced");
  next.total_minor = std::nullopt;
  next.charge_id = std::nullopt;
  next.lease_until = std::nullopt;
  next.version = 0;
  next.created_at = next.updated_at = now;
  Fail(aggregate, *open, OrderFailure::kSuperseded, now);
  aggregate.orders.push_back(std::move(next));
  return absl::OkStatus();
}

void TellOfSettings(Aggregate& aggregate, absl::Time now) {
  const Product product = aggregate.product;
  Event& event = Tell(aggregate, "product.updated", absl::StrCat(product.version), now);
  if (!product.next_plan_id.empty()) event.attributes["next_plan"] = product.next_plan_id;
  if (product.next_cycle_months != 0)
    event.attributes["next_cycle_months"] = std::to_string(product.next_cycle_months);
}

// About a month and about a week before the expiry (R19).
void TellOfExpiry(const Catalogue& catalogue, Aggregate& aggregate, absl::Time now) {
  const DunningPolicy& policy = catalogue.dunning();
  const Product& product = aggregate.product;
  const bool month_before = product.notice_stage == 0;
  const int days = month_before ? policy.upcoming_days : policy.expiring_days;
  // With auto-renew off there is no renewal to announce, only an end, and that twice.
  const std::string type = month_before && product.auto_renew ? "renewal.upcoming" : "product.expiring";
  Event& event = Tell(aggregate, type, absl::StrCat(FormatDate(ExpiryOf(product)), "/", days), now);
  event.attributes["days"] = std::to_string(days);
  event.attributes["currency"] = product.currency;
  const auto renewal = OfferAutomaticRenewal(catalogue, aggregate, {"en", product.time_zone}, now);
  if (renewal.ok() && product.auto_renew)
    event.attributes["amount_minor"] = std::to_string(renewal->NetMinor());
}

// Not paid: from when on it is gone, or a domain can only be restored, for more (R18, R20).
void TellLastWarning(const Catalogue& catalogue, Aggregate& aggregate, absl::Time now) {
  const Product& product = aggregate.product;
  CivilDate until = ExpiryOf(product) + product.return_days;
  if (const auto redemption = RedemptionFrom(catalogue, product)) until = *redemption;
  Event& event = Tell(aggregate, "product.ending", FormatDate(ExpiryOf(product)), now);
  event.attributes["until"] = FormatDate(until);
}

RenewalState StateOfWaiting(const Order& order) {
  if (IsPaid(order)) return RenewalState::kPaid;
  switch (order.wait) {
    case Wait::kMethod:
      return RenewalState::kWaitingForMethod;
    case Wait::kCustomer:
      return RenewalState::kWaitingForCustomer;
    case Wait::kNone:
    case Wait::kRung:
      return order.attempt_count == 0 && order.step != OrderStep::kWaiting ? RenewalState::kScheduled
                                                                           : RenewalState::kRetrying;
  }
  return RenewalState::kRetrying;
}

}  // namespace

absl::StatusOr<bool> OpenRenewal(const Catalogue& catalogue, const Customer& customer, const Uuid& order_id,
                                 Aggregate& aggregate, absl::Time now) {
  Product& product = aggregate.product;
  if (aggregate.account_deleted || !product.renew_at || *product.renew_at > now) return false;
  if (OpenAutomaticRenewal(aggregate) != nullptr || BlockingOrder(aggregate) != nullptr) {
    product.renew_at = now + kLookAgain;
    product.updated_at = now;
    return false;
  }
  // Counted from the day that the first attempt was planned for, however late it is (R17, R18).
  const absl::Time ends_at = DunningEnd(catalogue.dunning(), product);
  if (now >= ends_at) {
    product.renew_at = std::nullopt;
    product.updated_at = now;
    return false;
  }
  ASSIGN_OR_RETURN(Offer offer, OfferAutomaticRenewal(catalogue, aggregate, customer, now));
  Order order;
  order.id = order_id;
  order.account_id = product.account_id;
  order.offer = std::move(offer);
  order.next_at = order.created_at = order.updated_at = now;
  order.first_attempt_at = now;
  order.dunning_ends_at = ends_at;
  if (!product.declined_method.empty()) {
    // Declined for good in an order before: not charged by itself again, whatever was switched since (R17).
    order.step = OrderStep::kWaiting;
    order.wait = Wait::kMethod;
    order.payment_method = product.declined_method;
    order.next_at = ends_at;
  }
  aggregate.orders.push_back(order);
  product.renew_at = std::nullopt;
  product.updated_at = now;
  return true;
}

void PutOffRenewal(Aggregate& aggregate, absl::Time now) {
  Product& product = aggregate.product;
  if (!product.renew_at || *product.renew_at > now) return;
  product.renew_at = now + kAskForDomain;
  product.updated_at = now;
}

absl::Status ChangeSettings(const Catalogue& catalogue, const ProductSettings& settings, Aggregate& aggregate,
                            absl::Time now) {
  Product& product = aggregate.product;
  if (product.state == ProductState::kEnded || product.state == ProductState::kPending)
    return Precondition("PRODUCT_NOT_RENEWABLE", "the product has ended or was never delivered");
  const bool changes_offer = settings.next_plan_id || settings.next_cycle_months;
  const Order* open = OpenAutomaticRenewal(aggregate);
  // It is being charged, or paid by hand.
  const bool is_fixed =
      open != nullptr && (open->held_by || open->step != OrderStep::kWaiting || IsCharging(aggregate, *open));
  if (is_fixed && changes_offer) return OrderInProgress(*open);
  const Product before = product;
  if (settings.next_plan_id) RETURN_IF_ERROR(ChangeNextPlan(catalogue, *settings.next_plan_id, product));
  if (settings.next_cycle_months)
    RETURN_IF_ERROR(ChangeNextCycle(catalogue, *settings.next_cycle_months, product));
  if (settings.auto_renew) SwitchAutoRenew(*settings.auto_renew, aggregate, now);
  const bool is_other_offer =
      product.next_plan_id != before.next_plan_id || product.next_cycle_months != before.next_cycle_months;
  if (is_other_offer) RETURN_IF_ERROR(ReplaceOpenRenewal(catalogue, aggregate, now));
  Reschedule(catalogue.dunning(), OpenAutomaticRenewal(aggregate) != nullptr, product);
  if (product == before) return absl::OkStatus();
  product.updated_at = now;
  TellOfSettings(aggregate, now);
  return absl::OkStatus();
}

bool Expire(const DunningPolicy& policy, Aggregate& aggregate, absl::Time now) {
  Product& product = aggregate.product;
  if (product.state != ProductState::kActive || !product.expires_at || *product.expires_at > now)
    return false;
  product.state = ProductState::kExpired;
  product.updated_at = now;
  Reschedule(policy, OpenAutomaticRenewal(aggregate) != nullptr, product);
  Tell(aggregate, "product.expired", FormatDate(ExpiryOf(product)), now);
  return true;
}

bool End(const DunningPolicy& policy, Aggregate& aggregate, absl::Time now) {
  Product& product = aggregate.product;
  if (product.state != ProductState::kExpired || !product.ends_at || *product.ends_at > now) return false;
  if (BlockingOrder(aggregate) != nullptr || OpenAutomaticRenewal(aggregate) != nullptr) return false;
  product.state = ProductState::kEnded;
  product.updated_at = now;
  Reschedule(policy, false, product);
  Tell(aggregate, "product.deleted", "ended", now).attributes["reason"] = "ended";
  return true;
}

bool TellAhead(const Catalogue& catalogue, Aggregate& aggregate, absl::Time now) {
  Product& product = aggregate.product;
  if (!product.notice_at || *product.notice_at > now) return false;
  if (product.state == ProductState::kExpired) {
    TellLastWarning(catalogue, aggregate, now);
    product.notice_stage = 3;
  } else {
    TellOfExpiry(catalogue, aggregate, now);
    ++product.notice_stage;
  }
  product.updated_at = now;
  Reschedule(catalogue.dunning(), OpenAutomaticRenewal(aggregate) != nullptr, product);
  return true;
}

bool MethodArrived(const DunningPolicy& policy, Aggregate& aggregate, const std::string& method,
                   absl::Time now) {
  Order* order = OpenAutomaticRenewal(aggregate);
  if (order == nullptr) {
    aggregate.product.declined_method.clear();
    return false;
  }
  order->wanted_method = method;
  order->updated_at = now;
  if (order->step != OrderStep::kWaiting || order->held_by) return false;
  if (IsCharging(aggregate, *order)) {
    TakeBackChallenge(*order, now);
  } else {
    TryAgain(policy, aggregate, *order, now);
  }
  return true;
}

bool MethodGone(const DunningPolicy& policy, Aggregate& aggregate, const std::string& method,
                absl::Time now) {
  if (aggregate.product.declined_method == method) aggregate.product.declined_method.clear();
  Order* order = OpenAutomaticRenewal(aggregate);
  if (order == nullptr) return false;
  if (order->wanted_method == method) order->wanted_method.clear();
  const bool waits_for_another = order->step == OrderStep::kWaiting && order->wait == Wait::kMethod &&
                                 order->payment_method == method && !IsCharging(aggregate, *order);
  if (waits_for_another) TryAgain(policy, aggregate, *order, now);
  return waits_for_another;
}

absl::Status LeaveSite(const DunningPolicy& policy, Aggregate& aggregate, absl::Time now) {
  Product& product = aggregate.product;
  if (const Order* order = BlockingOrder(aggregate)) return OrderInProgress(*order);
  const bool is_plan = product.kind == ProductKind::kPlan;
  if (is_plan && product.state == ProductState::kActive)
    return Precondition("SITE_HAS_PRODUCTS", "the site has an active plan; let it end first");
  product.site_id = std::nullopt;
  product.updated_at = now;
  if (!is_plan) return absl::OkStatus();
  product.state = ProductState::kEnded;
  Reschedule(policy, false, product);
  Tell(aggregate, "product.deleted", "ended", now).attributes["reason"] = "site_deleted";
  return absl::OkStatus();
}

bool CloseForDeletion(Aggregate& aggregate, absl::Time now) {
  bool all_over = true;
  for (Order& order : aggregate.orders) {
    if (order.IsOver()) continue;
    const bool is_ending = order.HasFailed() || order.step == OrderStep::kCancelCharge;
    if (!is_ending && (WaitsForCustomer(aggregate, order) || !IsCharging(aggregate, order)))
      GiveUp(aggregate, order, OrderFailure::kAccountDeleted, now);
    all_over = all_over && order.IsOver();
  }
  return all_over;
}

NextRenewal NextRenewalOf(const Catalogue& catalogue, const Aggregate& aggregate, absl::Time now) {
  const Product& product = aggregate.product;
  NextRenewal next;
  next.order = OpenAutomaticRenewal(aggregate);
  if (next.order != nullptr) {
    next.state = StateOfWaiting(*next.order);
    next.amount = Money{product.currency, next.order->offer.NetMinor()};
    const bool planned = next.state == RenewalState::kScheduled || next.state == RenewalState::kRetrying;
    // While one is under way, or the customer pays by hand, it is not known whether there will be another.
    if (planned && !next.order->held_by && !IsCharging(aggregate, *next.order))
      next.attempt_at = next.order->next_at;
    return next;
  }
  const auto offer = OfferAutomaticRenewal(catalogue, aggregate, {"en", product.time_zone}, now);
  if (!offer.ok()) return next;
  next.amount = Money{product.currency, offer->NetMinor()};
  if (PaidAhead(product, aggregate.terms, now)) {
    next.state = RenewalState::kPaid;
  } else if (product.renew_at && !product.declined_method.empty()) {
    next.state = RenewalState::kWaitingForMethod;  // as OpenRenewal will find it
  } else if (product.renew_at) {
    next.state = RenewalState::kScheduled;
    next.attempt_at = product.renew_at;
  }
  return next;
}

}  // namespace perennial::subscription::core
