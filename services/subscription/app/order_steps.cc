#include "services/subscription/app/order_steps.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace perennial::subscription {
namespace {

using core::Aggregate;
using core::Attempt;
using core::AttemptState;
using core::Order;
using core::OrderFailure;
using core::OrderStep;

// Billing's refusals that no repeat will change. Others are faults, put off and looked at by a person.
std::optional<OrderFailure> RefusalOf(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  if (reason == "PRO_FORMA_CHANGED") return OrderFailure::kQuoteStale;
  if (reason == "BILLING_PROFILE_INCOMPLETE" || reason == "COUNTRY_NOT_SERVED" ||
      reason == "CURRENCY_MISMATCH" || reason == "ACCOUNT_DELETED")
    return OrderFailure::kBillingRefused;
  return std::nullopt;
}

bool IsAway(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kAborted:
      return true;
    default:
      return false;
  }
}

// The method that the customer named cannot be charged: an answer, not a fault.
bool IsMethodGone(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  return reason == "PAYMENT_METHOD_NOT_FOUND" || reason == "PAYMENT_METHOD_REMOVED" ||
         reason == "PAYMENT_METHOD_MISSING";
}

// Without the customer the next attempt may choose another method (R16); with them, they do.
core::ChargeAnswer WithoutMethod(const Attempt& attempt) {
  if (!attempt.off_session) return {.state = AttemptState::kNoMethod};
  return {.state = AttemptState::kDeclined, .decline_code = "payment_method_removed"};
}

}  // namespace

// A code that no store or peer gives, and that a transaction does not run again for.
bool IsOrderTaken(const absl::Status& status) {
  return absl::IsOutOfRange(status);
}

absl::StatusOr<Aggregate> OrderSteps::Take(const Aggregate& aggregate, const Order& order) {
  switch (order.step) {
    case OrderStep::kProForma:
      return MakeProForma(order);
    case OrderStep::kWaiting:
      return WakeUp(order);
    case OrderStep::kCharge:
      return Charge(aggregate, order);
    case OrderStep::kInvoice:
      return Invoice(order);
    case OrderStep::kApply:
      return Apply(order);
    case OrderStep::kDeliver:
      return Deliver(aggregate, order);
    case OrderStep::kRefund:
      return GiveBack(order);
    case OrderStep::kCreditNote:
      return Credit(order);
    case OrderStep::kReverse:
      return Reverse(order);
    case OrderStep::kCancelCharge:
      return CancelCharge(aggregate, order);
    case OrderStep::kCancelProForma:
      return CancelProForma(order);
    case OrderStep::kDone:
    case OrderStep::kFailed:
    case OrderStep::kRefunded:
      break;
  }
  return aggregate;
}

OrderSteps::Result OrderSteps::MakeProForma(const Order& order) {
  // An automatic renewal takes the tax of the day; what was quoted must be met.
  const auto expected = order.quote_id ? order.total_minor : std::nullopt;
  const absl::StatusOr<int64_t> total = peers_.billing.CreateProForma(order, expected);
  if (total.ok()) {
    return Record(order, [&](Aggregate&, Order& o, absl::Time now) { core::ProFormaMade(o, *total, now); });
  }
  const auto refusal = RefusalOf(total.status());
  if (!refusal) return PutOff(order, total.status());
  return Record(order, [&](Aggregate& a, Order& o, absl::Time now) {
    core::ProFormaRefused(policy_, a, o, *refusal, now);
  });
}

OrderSteps::Result OrderSteps::WakeUp(const Order& order) {
  return Record(order, [](Aggregate& a, Order& o, absl::Time now) { core::Wake(a, o, now); });
}

OrderSteps::Result OrderSteps::PinAttempt(const Order& order) {
  return Record(order,
                [&](Aggregate& a, Order& o, absl::Time now) { core::BeginAttempt(policy_, a, o, now); });
}

OrderSteps::Result OrderSteps::Charge(const Aggregate& aggregate, const Order& order) {
  const Attempt* attempt = aggregate.CurrentAttempt(order);
  if (attempt == nullptr || !attempt->IsInFlight()) return PinAttempt(order);
  // An attempt with an unknown outcome is asked about; it is sent (again) only under its own id (R23).
  const bool is_new = attempt->state == AttemptState::kOpen && order.faults == 0;
  absl::StatusOr<core::ChargeAnswer> answer =
      is_new ? peers_.payments.Charge(order, *attempt) : peers_.payments.Ask(order, *attempt);
  if (ReasonOf(answer.status()) == "CHARGE_NOT_FOUND") answer = peers_.payments.Charge(order, *attempt);
  // Less than the gateway charges at all (half a euro): no repeat will change that.
  if (ReasonOf(answer.status()) == "AMOUNT_INVALID") {
    answer = core::ChargeAnswer{.state = AttemptState::kDeclined,
                                .decline_code = "amount_too_small",
                                .decline_class = core::DeclineClass::kHard};
  }
  // Sold in a currency that the gateway does not take: a fault of the catalogue, and no repeat mends it.
  if (ReasonOf(answer.status()) == "CURRENCY_NOT_OFFERED") {
    meter_.Trouble("a currency that cannot be charged", order.id, order.offer.currency);
    answer = core::ChargeAnswer{.state = AttemptState::kDeclined,
                                .decline_code = "currency_not_supported",
                                .decline_class = core::DeclineClass::kHard};
  }
  if (IsMethodGone(answer.status())) answer = WithoutMethod(*attempt);
  if (!answer.ok()) return PutOff(order, answer.status());
  Result written = Record(order, [&](Aggregate& a, Order& o, absl::Time now) {
    core::ChargeAnswered(policy_, a, o, *answer, now);
  });
  if (written.ok() && answer->state != attempt->state && order.first_attempt_at && !answer->retry_at) {
    const int rung = core::RungOf(policy_, *order.first_attempt_at, order.offer.time_zone, clock_.Now());
    meter_.RenewalAttempted(answer->state, rung);
  }
  return written;
}

OrderSteps::Result OrderSteps::CancelCharge(const Aggregate& aggregate, const Order& order) {
  const absl::StatusOr<core::ChargeAnswer> answer =
      peers_.payments.Cancel(order, *aggregate.CurrentAttempt(order));
  if (!answer.ok()) return PutOff(order, answer.status());
  return Record(order, [&](Aggregate& a, Order& o, absl::Time now) {
    core::ChargeGivenUp(policy_, a, o, *answer, now);
  });
}

OrderSteps::Result OrderSteps::Invoice(const Order& order) {
  const absl::StatusOr<std::string> invoice = peers_.billing.IssueInvoice(order);
  if (!invoice.ok()) return PutOff(order, invoice.status());
  return Record(order, [&](Aggregate&, Order& o, absl::Time now) { core::InvoiceIssued(o, *invoice, now); });
}

OrderSteps::Result OrderSteps::Apply(const Order& order) {
  return Record(order, [&](Aggregate& a, Order& o, absl::Time now) { core::Apply(policy_, a, o, now); });
}

OrderSteps::Result OrderSteps::Deliver(const Aggregate& aggregate, const Order& order) {
  absl::StatusOr<core::DeliveryAnswer> answer = peers_.delivery.Deliver(aggregate.product, order);
  const bool for_nobody = ReasonOf(answer.status()) == "ACCOUNT_DELETED";
  if (for_nobody) answer = core::DeliveryAnswer{.state = core::DeliveryAnswer::State::kRejected};
  if (!answer.ok()) return PutOff(order, answer.status());
  return Record(order, [&](Aggregate& a, Order& o, absl::Time now) {
    core::DeliveryAnswered(policy_, a, o, *answer, now);
  });
}

OrderSteps::Result OrderSteps::GiveBack(const Order& order) {
  const absl::StatusOr<Refund> refund = peers_.payments.GiveBack(order);
  if (!refund.ok()) return PutOff(order, refund.status());
  if (refund->state == Refund::State::kSucceeded) {
    return Record(order,
                  [&](Aggregate&, Order& o, absl::Time now) { core::RefundMade(o, refund->name, now); });
  }
  if (refund->state == Refund::State::kFailed) {
    meter_.Trouble("refund refused by the gateway", order.id, refund->name);
    return Record(order,
                  [&](Aggregate&, Order& o, absl::Time now) { core::RefundRefused(o, refund->name, now); });
  }
  return Record(order, [](Aggregate&, Order& o, absl::Time now) { core::PutOff(o, now); });
}

OrderSteps::Result OrderSteps::Credit(const Order& order) {
  const absl::StatusOr<std::string> note = peers_.billing.CreateCreditNote(order);
  if (!note.ok()) return PutOff(order, note.status());
  return Record(order, [&](Aggregate&, Order& o, absl::Time now) { core::CreditNoteIssued(o, *note, now); });
}

OrderSteps::Result OrderSteps::Reverse(const Order& order) {
  return Record(order, [&](Aggregate& a, Order& o, absl::Time now) { core::Reverse(policy_, a, o, now); });
}

OrderSteps::Result OrderSteps::CancelProForma(const Order& order) {
  const absl::Status cancelled = peers_.billing.CancelProForma(order);
  // It was never made: the order failed before, or because, it was asked for.
  const bool gone = cancelled.ok() || ReasonOf(cancelled) == "PRO_FORMA_NOT_FOUND";
  if (!gone) return PutOff(order, cancelled);
  return Record(order, [](Aggregate&, Order& o, absl::Time now) { core::ProFormaCancelled(o, now); });
}

OrderSteps::Result OrderSteps::PutOff(const Order& order, const absl::Status& why) {
  if (!IsAway(why)) meter_.Trouble("a step of an order was refused", order.id, std::string(why.message()));
  return Record(order, [](Aggregate&, Order& o, absl::Time now) { core::PutOff(o, now); });
}

OrderSteps::Result OrderSteps::Record(const Order& order, Change change) {
  std::vector<Order> ended;
  Result written = products_.Update(order.offer.product_id, [&](Aggregate& aggregate) -> absl::Status {
    ended.clear();
    Order* current = aggregate.FindOrder(order.id);
    if (current == nullptr || current->version != order.version)
      return absl::OutOfRangeError("somebody else went on with the order");
    change(aggregate, *current, clock_.Now());
    for (const Order& each : aggregate.orders) {
      if (each.IsOver()) ended.push_back(each);
    }
    return absl::OkStatus();
  });
  if (written.ok()) {
    for (const Order& each : ended) meter_.OrderEnded(each.offer.kind, core::StateOf(each));
  }
  return written;
}

}  // namespace perennial::subscription
