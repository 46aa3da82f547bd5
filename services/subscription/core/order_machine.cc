#include "services/subscription/core/order_machine.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/subscription/core/facts.h"
#include "services/subscription/core/order_terms.h"

namespace perennial::subscription::core {
namespace {

constexpr absl::Duration kFirstPause = absl::Seconds(5);
constexpr absl::Duration kLongestPause = absl::Minutes(10);
constexpr absl::Duration kAskOnSession = absl::Minutes(1);
constexpr absl::Duration kAskOffSession = absl::Hours(6);
constexpr absl::Duration kNextRefund = absl::Hours(6);

bool IsAutomatic(const Order& order) {
  return order.offer.kind == OrderKind::kAutomaticRenewal;
}

void GoTo(Order& order, OrderStep step, absl::Time now) {
  order.step = step;
  order.faults = 0;
  order.updated_at = now;
  // An order that is due stays due since then: its row can change in place.
  if (order.IsOver())
    order.next_at.reset();
  else if (!order.next_at || *order.next_at > now)
    order.next_at = now;
  if (order.IsOver()) order.lease_until = std::nullopt;
}

void LookAgainAt(Order& order, absl::Time at, absl::Time now) {
  order.next_at = at;
  order.updated_at = now;
  if (at > now) order.lease_until = std::nullopt;
}

// An automatic renewal was not paid: on the ladder, or waiting for a person (R17).
void WaitFor(Order& order, Wait wait, std::optional<absl::Time> next_at, absl::Time now) {
  order.step = OrderStep::kWaiting;
  order.wait = wait;
  order.faults = 0;
  LookAgainAt(order, next_at.value_or(*order.dunning_ends_at), now);
}

void WaitForRung(const DunningPolicy& policy, Order& order, absl::Time now) {
  const auto rung =
      NextRung(policy, *order.first_attempt_at, order.offer.time_zone, now, *order.dunning_ends_at);
  WaitFor(order, rung ? Wait::kRung : Wait::kMethod, rung, now);
}

// Declines after which no retry helps but a link by which the customer confirms (R24).
bool NeedsConfirmation(absl::string_view decline_code) {
  return decline_code == "authentication_required" ||
         decline_code == "mobile_device_authentication_required" ||
         decline_code == "payment_intent_authentication_failure" || decline_code == "action_expired";
}

// Why an unpaid automatic renewal must not go on, if so (R14, R7).
OrderFailure ReasonToStop(const Aggregate& aggregate) {
  if (aggregate.account_deleted) return OrderFailure::kAccountDeleted;
  return aggregate.product.auto_renew ? OrderFailure::kNone : OrderFailure::kAutoRenewOff;
}

// Without the customer it was declined, with them it may pass: a link for the same method at once, and
// another on the ladder's next day when one was not used.
void WaitForConfirmation(const DunningPolicy& policy, const Aggregate& aggregate, Order& order,
                         absl::Time now) {
  if (aggregate.CurrentAttempt(order)->off_session) {
    order.wanted_method = order.payment_method;
    return TryAgain(policy, aggregate, order, now);
  }
  WaitFor(order, Wait::kCustomer,
          NextRung(policy, *order.first_attempt_at, order.offer.time_zone, now, *order.dunning_ends_at), now);
}

void WaitAfterDecline(const DunningPolicy& policy, const Aggregate& aggregate, Order& order,
                      DeclineClass decline_class, absl::Time now) {
  // Another method came while this one was being charged: it is not for later (R17).
  if (!order.wanted_method.empty()) return TryAgain(policy, aggregate, order, now);
  // R16 would go back to the one that was declined for good.
  const std::string& declined_for_good = aggregate.product.declined_method;
  if (!declined_for_good.empty() && declined_for_good != order.payment_method)
    order.wanted_method = order.payment_method;
  switch (decline_class) {
    case DeclineClass::kSoft:
      return WaitForRung(policy, order, now);
    case DeclineClass::kHard:
      return WaitFor(order, Wait::kMethod, std::nullopt, now);
    case DeclineClass::kCustomerAction:
      if (NeedsConfirmation(order.decline_code)) return WaitForConfirmation(policy, aggregate, order, now);
      return WaitFor(order, Wait::kCustomer, std::nullopt, now);
  }
}

// Not a decline: nothing was asked of the bank, and there is nothing to tell but the next attempt's day.
void PostponeOrStop(Aggregate& aggregate, Order& order, absl::Time retry_at, absl::Time now) {
  const OrderFailure stop = ReasonToStop(aggregate);
  if (stop != OrderFailure::kNone) return Fail(aggregate, order, stop, now);
  if (order.wanted_method.empty()) order.wanted_method = aggregate.CurrentAttempt(order)->payment_method;
  const bool is_too_late = retry_at >= *order.dunning_ends_at;
  WaitFor(order, is_too_late ? Wait::kMethod : Wait::kRung, std::min(retry_at, *order.dunning_ends_at), now);
}

void Declined(const DunningPolicy& policy, Aggregate& aggregate, Order& order, DeclineClass decline_class,
              absl::Time now) {
  if (!IsAutomatic(order)) return Fail(aggregate, order, OrderFailure::kPaymentDeclined, now);
  const std::string once = absl::StrCat(order.id.ToString(), "/", order.attempt_count);
  if (decline_class == DeclineClass::kHard) aggregate.product.declined_method = order.payment_method;
  if (const OrderFailure stop = ReasonToStop(aggregate); stop != OrderFailure::kNone) {
    return Fail(aggregate, order, stop, now);
  }
  WaitAfterDecline(policy, aggregate, order, decline_class, now);
  const bool to_act = decline_class == DeclineClass::kCustomerAction;
  // The link that is tried at once tells it better.
  if (to_act && order.wait == Wait::kRung && order.wanted_method == order.payment_method) return;
  TellOfOrder(aggregate, order, to_act ? "renewal.action_required" : "renewal.failed", once, now);
}

void NoMethod(const DunningPolicy& policy, Aggregate& aggregate, Order& order, absl::Time now) {
  if (!IsAutomatic(order)) return Fail(aggregate, order, OrderFailure::kPaymentMethodMissing, now);
  if (const OrderFailure stop = ReasonToStop(aggregate); stop != OrderFailure::kNone) {
    return Fail(aggregate, order, stop, now);
  }
  // What it named is gone: then R16 names one.
  const bool was_named = !aggregate.CurrentAttempt(order)->payment_method.empty();
  if (was_named || !order.wanted_method.empty()) return TryAgain(policy, aggregate, order, now);
  WaitFor(order, Wait::kMethod, std::nullopt, now);
  TellOfOrder(aggregate, order, "renewal.no_payment_method",
              absl::StrCat(order.id.ToString(), "/", order.attempt_count), now);
}

void ActionRequired(Aggregate& aggregate, Order& order, bool is_new, absl::Time now) {
  if (!IsAutomatic(order)) {
    if (now >= order.created_at + kConfirmWithin)
      return GiveUp(aggregate, order, OrderFailure::kPaymentNotConfirmed, now);
    return LookAgainAt(order, now + kAskOnSession, now);
  }
  if (now >= *order.dunning_ends_at) {
    return GiveUp(aggregate, order, OrderFailure::kPaymentNotConfirmed, now);
  }
  WaitFor(order, Wait::kCustomer, std::min(now + kAskOffSession, *order.dunning_ends_at), now);
  // Another fact than that the same attempt was declined in the end.
  if (is_new)
    TellOfOrder(aggregate, order, "renewal.action_required",
                absl::StrCat(order.id.ToString(), "/", order.attempt_count, "/challenge"), now);
}

// The order by hand is over: the automatic renewal that stood still goes on, or is no longer what it was.
// After an upgrade it is opened anew, at the new plan's price.
void LetGo(Aggregate& aggregate, const Order& by_hand, bool paid, absl::Time now) {
  for (Order& held : aggregate.orders) {
    if (held.held_by != by_hand.id) continue;
    held.held_by = std::nullopt;
    held.updated_at = now;
    if (paid) Fail(aggregate, held, OrderFailure::kSuperseded, now);
  }
}

void TellOfPayment(Aggregate& aggregate, const Order& order, absl::Time now) {
  const std::string once = order.id.ToString();
  switch (order.offer.kind) {
    case OrderKind::kPurchase:
    case OrderKind::kUpgrade:
      return;
    case OrderKind::kAutomaticRenewal:
      TellOfOrder(aggregate, order, "renewal.succeeded", once, now);
      [[fallthrough]];
    case OrderKind::kRenewal:
      TellOfOrder(aggregate, order, "product.renewed", once, now);
  }
}

}  // namespace

void ProFormaMade(Order& order, int64_t total_minor, absl::Time now) {
  order.total_minor = total_minor;
  GoTo(order, OrderStep::kCharge, now);
}

void ProFormaRefused(const DunningPolicy& policy, Aggregate& aggregate, Order& order, OrderFailure failure,
                     absl::Time now) {
  if (!IsAutomatic(order)) return Fail(aggregate, order, failure, now);
  if (const OrderFailure stop = ReasonToStop(aggregate); stop != OrderFailure::kNone) {
    return Fail(aggregate, order, stop, now);
  }
  // The customer can mend the billing profile meanwhile, so it goes by the ladder like a soft decline.
  order.decline_code = "billing_profile_refused";
  WaitForRung(policy, order, now);
  TellOfOrder(aggregate, order, "renewal.failed",
              absl::StrCat(order.id.ToString(), "/billing/", absl::ToUnixSeconds(now)), now);
}

void Wake(Aggregate& aggregate, Order& order, absl::Time now) {
  const Attempt* attempt = aggregate.CurrentAttempt(order);
  // Asked about once more before it is given up.
  if (attempt != nullptr && attempt->IsInFlight()) return GoTo(order, OrderStep::kCharge, now);
  if (now >= *order.dunning_ends_at) return Fail(aggregate, order, OrderFailure::kDunningEnded, now);
  order.wait = Wait::kNone;
  // Tax and buyer are those of the day of the attempt (R26, R27).
  GoTo(order, OrderStep::kProForma, now);
}

void TryAgain(const DunningPolicy& policy, const Aggregate& aggregate, Order& order, absl::Time now) {
  const absl::Time at = std::min(NextAllowed(policy, aggregate.AttemptTimes(), now), *order.dunning_ends_at);
  WaitFor(order, Wait::kRung, at, now);
}

void TakeBackChallenge(Order& order, absl::Time now) {
  order.wait = Wait::kNone;
  order.failure = OrderFailure::kNone;
  GoTo(order, OrderStep::kCancelCharge, now);
}

void BeginAttempt(const DunningPolicy& policy, Aggregate& aggregate, Order& order, absl::Time now) {
  const bool too_many = IsAutomatic(order) && NextAllowed(policy, aggregate.AttemptTimes(), now) > now;
  if (too_many) return TryAgain(policy, aggregate, order, now);
  Attempt attempt;
  attempt.number = ++order.attempt_count;
  attempt.id = Uuid::DeriveInOrder(order.id, absl::StrCat("charge/", attempt.number));
  attempt.order_id = order.id;
  attempt.amount_minor = *order.total_minor;
  attempt.payment_method = order.wanted_method;
  // A new card is wanted for one attempt; what a customer named for their own order, for all of it.
  if (IsAutomatic(order)) order.wanted_method.clear();
  const bool is_same = attempt.payment_method.empty() || attempt.payment_method == order.payment_method;
  const bool by_link = is_same && NeedsConfirmation(order.decline_code);
  attempt.off_session = IsAutomatic(order) && !by_link;
  attempt.created_at = attempt.updated_at = now;
  order.charge_id = attempt.id;
  order.updated_at = now;
  aggregate.attempts.push_back(attempt);
}

void ChargeAnswered(const DunningPolicy& policy, Aggregate& aggregate, Order& order,
                    const ChargeAnswer& answer, absl::Time now) {
  Attempt* attempt = aggregate.CurrentAttempt(order);
  const bool is_new = attempt->state != answer.state;
  attempt->state = answer.state;
  attempt->decline_code = answer.decline_code;
  if (is_new) attempt->updated_at = now;
  if (!answer.payment_method.empty()) order.payment_method = answer.payment_method;
  order.payment_description = answer.payment_description;
  order.action_url = answer.action_url;
  const bool is_put_off = answer.retry_at && IsAutomatic(order);
  if (!answer.decline_code.empty() && !is_put_off) order.decline_code = answer.decline_code;
  switch (answer.state) {
    case AttemptState::kOpen:
      return PutOff(order, now);
    case AttemptState::kSucceeded:
      order.wait = Wait::kNone;
      order.decline_code.clear();
      return GoTo(order, OrderStep::kInvoice, now);
    case AttemptState::kDeclined:
      if (is_put_off) return PostponeOrStop(aggregate, order, *answer.retry_at, now);
      return Declined(policy, aggregate, order, answer.decline_class, now);
    case AttemptState::kRequiresAction:
      return ActionRequired(aggregate, order, is_new, now);
    case AttemptState::kNoMethod:
      return NoMethod(policy, aggregate, order, now);
  }
}

void InvoiceIssued(Order& order, const std::string& invoice, absl::Time now) {
  order.invoice = invoice;
  GoTo(order, OrderStep::kApply, now);
}

void Apply(const DunningPolicy& policy, Aggregate& aggregate, Order& order, absl::Time now) {
  Product& product = aggregate.product;
  // Cannot happen while orders of a product exclude each other; if it does, the money goes back.
  if (product.paid_version != order.offer.paid_version || product.state == ProductState::kEnded) {
    if (!order.charge_id) return Fail(aggregate, order, OrderFailure::kQuoteStale, now);
    order.failure = OrderFailure::kQuoteStale;
    return GoTo(order, OrderStep::kRefund, now);
  }
  const bool was_online = product.state == ProductState::kActive;
  GiveTerms(aggregate, order, now);
  product.declined_method.clear();
  product.updated_at = now;
  LetGo(aggregate, order, /*paid=*/true, now);
  const bool to_deliver = product.kind != ProductKind::kPlan;
  GoTo(order, to_deliver ? OrderStep::kDeliver : OrderStep::kDone, now);
  Reschedule(policy, /*renewal_open=*/false, product);
  TellOfPayment(aggregate, order, now);
  if (!to_deliver && !was_online)
    TellOfOrder(aggregate, order, "product.activated", order.id.ToString(), now);
}

void DeliveryAnswered(const DunningPolicy& policy, Aggregate& aggregate, Order& order,
                      const DeliveryAnswer& answer, absl::Time now) {
  Product& product = aggregate.product;
  switch (answer.state) {
    case DeliveryAnswer::State::kPending:
      PutOff(order, now);
      if (answer.retry_at && *answer.retry_at > *order.next_at) order.next_at = answer.retry_at;
      return;
    case DeliveryAnswer::State::kRejected:
      order.failure = OrderFailure::kDeliveryRejected;
      product.delivery_state = DeliveryState::kFailed;
      // At once, for a refund may take long, and what is not delivered is not the customer's.
      TakeBack(policy, aggregate, order, now);
      return GoTo(order, OrderStep::kRefund, now);
    case DeliveryAnswer::State::kDone:
      break;
  }
  const bool was_online = product.state == ProductState::kActive;
  product.delivery_state = DeliveryState::kDone;
  product.state = ProductState::kActive;
  product.updated_at = now;
  GoTo(order, OrderStep::kDone, now);
  Reschedule(policy, /*renewal_open=*/false, product);
  if (!was_online) TellOfOrder(aggregate, order, "product.activated", order.id.ToString(), now);
}

void RefundRefused(Order& order, const std::string& refund, absl::Time now) {
  order.refund = refund;
  LookAgainAt(order, now + kNextRefund, now);
}

void RefundMade(Order& order, const std::string& refund, absl::Time now) {
  order.refund = refund;
  GoTo(order, OrderStep::kCreditNote, now);
}

void CreditNoteIssued(Order& order, const std::string& credit_note, absl::Time now) {
  order.credit_note = credit_note;
  GoTo(order, OrderStep::kReverse, now);
}

void Reverse(const DunningPolicy& policy, Aggregate& aggregate, Order& order, absl::Time now) {
  // Nothing is left to take back, unless the order came here before a rejection took it back at once.
  const bool is_left = std::any_of(aggregate.terms.begin(), aggregate.terms.end(),
                                   [&](const Term& term) { return term.order_id == order.id; });
  if (is_left) TakeBack(policy, aggregate, order, now);
  GoTo(order, OrderStep::kRefunded, now);
  TellOfOrder(aggregate, order, "order.refunded", order.id.ToString(), now);
}

void GiveUp(Aggregate& aggregate, Order& order, OrderFailure failure, absl::Time now) {
  const Attempt* attempt = aggregate.CurrentAttempt(order);
  if (attempt == nullptr || !attempt->IsInFlight()) return Fail(aggregate, order, failure, now);
  order.failure = failure;
  order.wait = Wait::kNone;
  GoTo(order, OrderStep::kCancelCharge, now);
}

void ChargeGivenUp(const DunningPolicy& policy, Aggregate& aggregate, Order& order,
                   const ChargeAnswer& answer, absl::Time now) {
  Attempt& attempt = *aggregate.CurrentAttempt(order);
  const bool is_known = answer.state == AttemptState::kSucceeded || answer.state == AttemptState::kDeclined ||
                        answer.state == AttemptState::kNoMethod;
  if (!is_known) return PutOff(order, now);
  attempt.state = answer.state;
  attempt.decline_code = answer.decline_code;
  attempt.updated_at = now;
  if (answer.state != AttemptState::kSucceeded) {
    if (order.failure == OrderFailure::kNone) order.failure = ReasonToStop(aggregate);
    if (order.failure != OrderFailure::kNone) return Fail(aggregate, order, order.failure, now);
    order.action_url.clear();
    return TryAgain(policy, aggregate, order, now);
  }
  // Paid in the last moment: what was paid is delivered (R31).
  order.failure = OrderFailure::kNone;
  order.action_url.clear();
  if (!answer.payment_method.empty()) order.payment_method = answer.payment_method;
  if (!answer.payment_description.empty()) order.payment_description = answer.payment_description;
  GoTo(order, OrderStep::kInvoice, now);
}

void Fail(Aggregate& aggregate, Order& order, OrderFailure failure, absl::Time now) {
  order.failure = failure;
  order.wait = Wait::kNone;
  order.action_url.clear();
  const bool has_pro_forma = order.offer.NetMinor() > 0;
  GoTo(order, has_pro_forma ? OrderStep::kCancelProForma : OrderStep::kFailed, now);
  if (order.offer.kind == OrderKind::kPurchase) {
    aggregate.product.state = ProductState::kEnded;
    aggregate.product.updated_at = now;
  }
  LetGo(aggregate, order, /*paid=*/false, now);
}

void ProFormaCancelled(Order& order, absl::Time now) {
  GoTo(order, OrderStep::kFailed, now);
}

void PutOff(Order& order, absl::Time now) {
  const int doublings = std::min(order.faults, 10);
  ++order.faults;
  LookAgainAt(order, now + std::min(kFirstPause * (1 << doublings), kLongestPause), now);
}

}  // namespace perennial::subscription::core
