#include "services/subscription/core/order_terms.h"

#include "services/subscription/core/pricing.h"

namespace perennial::subscription::core {
namespace {

void ApplyUpgrade(Aggregate& aggregate, const Order& order, absl::Time now) {
  Product& product = aggregate.product;
  std::vector<UpgradeLine> lines;
  for (const Line& line : order.offer.lines) lines.push_back({line.start, line.net_minor});
  aggregate.terms =
      SplitTerms(aggregate.terms, order.offer.change_date, lines, order.offer.plan_id, order.id, now);
  product.plan_id = order.offer.plan_id;
  if (!order.offer.plan_name.empty()) product.display_name = order.offer.plan_name;
  product.next_plan_id.clear();  // chosen before, for another plan
}

void ApplyTerm(Aggregate& aggregate, const Order& order, absl::Time now) {
  Product& product = aggregate.product;
  const Offer& offer = order.offer;
  if (!product.start) product.start = offer.TermStart();
  aggregate.terms.push_back(
      NextTerm(product, offer.plan_id, offer.cycle_months, offer.NetMinor(), offer.time_zone, order.id, now));
  product.plan_id = offer.plan_id;
  product.cycle_months = offer.cycle_months;
  product.paid_months += offer.cycle_months;
  product.time_zone = offer.time_zone;
  if (!offer.plan_name.empty()) product.display_name = offer.plan_name;
  // What was chosen after the quote is not in this term: it stays for the next (R11).
  if (product.next_plan_id == offer.plan_id) product.next_plan_id.clear();
  if (product.next_cycle_months == offer.cycle_months) product.next_cycle_months = 0;
  product.notice_stage = 0;
}

// A plan is ours to give; a domain or mailbox comes (back) when it is delivered (R18, R20, R31).
void SetStatesAfterPayment(Product& product) {
  if (product.kind == ProductKind::kPlan) {
    product.state = ProductState::kActive;
    return;
  }
  product.delivery_state = DeliveryState::kPending;
  const bool comes_back = product.state == ProductState::kExpired;
  if (comes_back) product.state = ProductState::kReactivating;
}

}  // namespace

void GiveTerms(Aggregate& aggregate, const Order& order, absl::Time now) {
  if (order.offer.kind == OrderKind::kUpgrade) {
    ApplyUpgrade(aggregate, order, now);
  } else {
    ApplyTerm(aggregate, order, now);
    SetStatesAfterPayment(aggregate.product);
  }
  ++aggregate.product.paid_version;
}

void TakeBack(const DunningPolicy& policy, Aggregate& aggregate, const Order& order, absl::Time now) {
  Product& product = aggregate.product;
  for (Term& term : aggregate.terms) {
    if (term.order_id != order.id || term.state != TermState::kActive) continue;
    term.state = TermState::kReversed;
    product.paid_months -= term.cycle_months;
    ++product.paid_version;
  }
  for (const Term& term : aggregate.terms) {
    if (term.state == TermState::kActive && term.end == ExpiryOf(product))
      product.cycle_months = term.cycle_months;
  }
  product.updated_at = now;
  if (product.paid_months <= 0) {
    product.state = ProductState::kEnded;
  } else if (product.state == ProductState::kReactivating) {
    product.state = ProductState::kExpired;
  }
  // What cannot be delivered is not bought again by itself.
  if (order.failure == OrderFailure::kDeliveryRejected) product.auto_renew = false;
  product.notice_stage = NoticesDueBy(policy, product, order.created_at);
  Reschedule(policy, /*renewal_open=*/false, product);
}

}  // namespace perennial::subscription::core
