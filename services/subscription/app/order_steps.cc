#include "services/subscription/app/order_steps.h"

#include <map>
#include <optional>
#include <utility>

#include "libs/base/call_scope.h"
#include "libs/base/error.h"
#include "services/subscription/app/away.h"
#include "services/subscription/app/product_batches.h"

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

// The method that the customer named cannot be charged: an answer, not a fault.
bool IsMethodGone(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  return reason == "PAYMENT_METHOD_NOT_FOUND" || reason == "PAYMENT_METHOD_REMOVED" ||
         reason == "PAYMENT_METHOD_MISSING";
}

// Nothing was sent. With the customer, they choose another method; without, the next attempt does (R16), at
// once if this one was named, else by the ladder.
core::ChargeAnswer WithoutMethod(const Attempt& attempt) {
  const bool is_named = !attempt.payment_method.empty();
  if (is_named || !attempt.off_session) return {.state = AttemptState::kNoMethod};
  return {.state = AttemptState::kDeclined, .decline_code = "payment_method_removed"};
}

// What is begun must be recorded, within the time of the batch (libs/work) or of the call.
bool HasTime() {
  const CallScope* scope = CallScope::Current();
  return scope == nullptr || scope->TimeLeft() > absl::Seconds(20);
}

bool IsNotSent(const HeldOrder& held) {
  return held.aggregate.CurrentAttempt(held.order())->state == AttemptState::kOpen &&
         held.order().faults == 0;
}

OrderBatch OrdersOf(const std::vector<const HeldOrder*>& group) {
  OrderBatch orders;
  for (const HeldOrder* held : group) orders.push_back(&held->order());
  return orders;
}

void Nothing(Aggregate&, Order&, absl::Time) {}

// Takes the next step if it needs nobody's answer: pins an attempt, applies what was paid, takes back what
// could not be delivered.
void GoOnAlone(const core::DunningPolicy& policy, Aggregate& aggregate, Order& order, absl::Time now) {
  if (order.step == OrderStep::kCharge) {
    const Attempt* attempt = aggregate.CurrentAttempt(order);
    if (attempt == nullptr || !attempt->IsInFlight()) core::BeginAttempt(policy, aggregate, order, now);
  } else if (order.step == OrderStep::kApply) {
    core::Apply(policy, aggregate, order, now);
  } else if (order.step == OrderStep::kReverse) {
    core::Reverse(policy, aggregate, order, now);
  }
}

absl::Status Taken(absl::string_view why) {
  return absl::OutOfRangeError(why);
}

}  // namespace

// A code that no store or peer gives, and that a transaction does not run again for.
bool IsOrderTaken(const absl::Status& status) {
  return absl::IsOutOfRange(status);
}

std::vector<absl::StatusOr<Aggregate>> OrderSteps::Take(const std::vector<HeldOrder>& held) {
  std::map<OrderStep, std::vector<size_t>> places;  // in the order of the steps
  for (size_t i = 0; i < held.size(); ++i) places[held[i].order().step].push_back(i);
  std::vector<absl::StatusOr<Aggregate>> results(held.size(), Taken("no time is left for it"));
  bool is_first = true;
  for (const auto& [step, members] : places) {
    if (!std::exchange(is_first, false) && !HasTime()) break;
    Group group;
    for (const size_t place : members) group.push_back(&held[place]);
    std::vector<absl::StatusOr<Aggregate>> written = Record(group, Ask(step, group));
    for (size_t i = 0; i < members.size(); ++i) results[members[i]] = std::move(written[i]);
  }
  return results;
}

std::vector<OrderSteps::Change> OrderSteps::Ask(OrderStep step, const Group& group) {
  const auto each = [&](Change (OrderSteps::*ask)(const HeldOrder&)) {
    return AskEach(group, [&](const HeldOrder& held) { return (this->*ask)(held); });
  };
  switch (step) {
    case OrderStep::kProForma:
      return MakeProFormas(group);
    case OrderStep::kCharge:
      return Charge(group);
    case OrderStep::kInvoice:
      return Invoice(group);
    case OrderStep::kDeliver:
      return each(&OrderSteps::Deliver);
    case OrderStep::kRefund:
      return each(&OrderSteps::GiveBack);
    case OrderStep::kCreditNote:
      return each(&OrderSteps::Credit);
    case OrderStep::kCancelCharge:
      return each(&OrderSteps::CancelCharge);
    case OrderStep::kCancelProForma:
      return each(&OrderSteps::CancelProForma);
    case OrderStep::kWaiting:
      return {group.size(), [](Aggregate& a, Order& o, absl::Time now) { core::Wake(a, o, now); }};
    case OrderStep::kApply:
    case OrderStep::kReverse:
    case OrderStep::kDone:
    case OrderStep::kFailed:
    case OrderStep::kRefunded:
      break;
  }
  return {group.size(), Nothing};
}

// Rare steps go one by one; those that the time does not suffice for are put off.
std::vector<OrderSteps::Change> OrderSteps::AskEach(const Group& group,
                                                    absl::FunctionRef<Change(const HeldOrder&)> ask) {
  std::vector<Change> changes;
  for (const HeldOrder* held : group) {
    const bool begin = changes.empty() || HasTime();
    changes.push_back(begin ? ask(*held) : PutOff(*held, absl::DeadlineExceededError("no time is left")));
  }
  return changes;
}

std::vector<OrderSteps::Change> OrderSteps::MakeProFormas(const Group& group) {
  const std::vector<absl::StatusOr<int64_t>> totals = peers_.billing.CreateProFormas(OrdersOf(group));
  std::vector<Change> changes;
  for (size_t i = 0; i < group.size(); ++i) {
    if (totals[i].ok()) {
      changes.push_back(
          [total = *totals[i]](Aggregate&, Order& o, absl::Time now) { core::ProFormaMade(o, total, now); });
    } else if (const auto refusal = RefusalOf(totals[i].status())) {
      changes.push_back(ProFormaRefused(*group[i], *refusal));
    } else {
      changes.push_back(PutOff(*group[i], totals[i].status()));
    }
  }
  return changes;
}

OrderSteps::Change OrderSteps::ProFormaRefused(const HeldOrder& held, OrderFailure failure) {
  // Or the next quote would be computed from the same position, and be refused as well.
  const absl::Status doubted = tax_positions_.Doubt(held.order().account_id);
  if (!doubted.ok()) return PutOff(held, doubted);
  return [this, failure](Aggregate& a, Order& o, absl::Time now) {
    core::ProFormaRefused(policy_, a, o, failure, now);
  };
}

// An attempt with an unknown outcome is asked about; it is sent (again) only under its own id (R23).
std::vector<OrderSteps::Answer> OrderSteps::AskForMoney(const Group& group) {
  std::vector<Answer> answers(group.size());  // none for those whose attempt is not pinned yet
  std::vector<PinnedCharge> to_send;
  std::vector<size_t> places;
  for (size_t i = 0; i < group.size(); ++i) {
    const Order& order = group[i]->order();
    const Attempt* attempt = group[i]->aggregate.CurrentAttempt(order);
    if (attempt == nullptr || !attempt->IsInFlight()) continue;
    if (!IsNotSent(*group[i])) {
      answers[i] = i == 0 || HasTime() ? peers_.payments.Ask(order, *attempt)
                                       : absl::DeadlineExceededError("no time is left");
      if (ReasonOf(answers[i]->status()) != "CHARGE_NOT_FOUND") continue;
    }
    to_send.push_back({&order, attempt});
    places.push_back(i);
  }
  if (to_send.empty()) return answers;
  std::vector<absl::StatusOr<core::ChargeAnswer>> sent = peers_.payments.Charge(to_send);
  for (size_t i = 0; i < places.size(); ++i) answers[places[i]] = std::move(sent[i]);
  return answers;
}

// What is paid is invoiced at once, before the payment itself is written: payment_token and billing have it,
// so who comes after a crash is told the same by both.
std::vector<OrderSteps::Change> OrderSteps::Charge(const Group& group) {
  const std::vector<Answer> answers = AskForMoney(group);
  std::vector<Change> changes;
  std::vector<Order> paid;
  std::vector<size_t> places;
  paid.reserve(group.size());
  OrderBatch to_invoice;
  for (size_t i = 0; i < group.size(); ++i) {
    changes.push_back(answers[i] ? Charged(*group[i], *answers[i]) : Nothing);
    if (!answers[i] || !answers[i]->ok() || (*answers[i])->state != AttemptState::kSucceeded) continue;
    paid.push_back(group[i]->order());
    paid.back().payment_description = (*answers[i])->payment_description;
    to_invoice.push_back(&paid.back());
    places.push_back(i);
  }
  if (paid.empty()) return changes;
  const std::vector<absl::StatusOr<std::string>> invoices = peers_.billing.IssueInvoices(to_invoice);
  for (size_t i = 0; i < places.size(); ++i) {
    if (!invoices[i].ok()) continue;  // that is the next step then
    changes[places[i]] = [charged = std::move(changes[places[i]]), invoice = *invoices[i]](
                             Aggregate& a, Order& o, absl::Time now) {
      charged(a, o, now);
      core::InvoiceIssued(o, invoice, now);
    };
  }
  return changes;
}

OrderSteps::Change OrderSteps::Charged(const HeldOrder& held, absl::StatusOr<core::ChargeAnswer> answer) {
  const Order& order = held.order();
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
  if (IsMethodGone(answer.status())) answer = WithoutMethod(*held.aggregate.CurrentAttempt(order));
  if (!answer.ok()) return PutOff(held, answer.status());
  return [this, answer = *std::move(answer)](Aggregate& a, Order& o, absl::Time now) {
    core::ChargeAnswered(policy_, a, o, answer, now);
  };
}

OrderSteps::Change OrderSteps::CancelCharge(const HeldOrder& held) {
  const absl::StatusOr<core::ChargeAnswer> answer =
      peers_.payments.Cancel(held.order(), *held.aggregate.CurrentAttempt(held.order()));
  if (!answer.ok()) return PutOff(held, answer.status());
  return [this, answer = *answer](Aggregate& a, Order& o, absl::Time now) {
    core::ChargeGivenUp(policy_, a, o, answer, now);
  };
}

std::vector<OrderSteps::Change> OrderSteps::Invoice(const Group& group) {
  const std::vector<absl::StatusOr<std::string>> invoices = peers_.billing.IssueInvoices(OrdersOf(group));
  std::vector<Change> changes;
  for (size_t i = 0; i < group.size(); ++i) {
    if (!invoices[i].ok()) {
      changes.push_back(PutOff(*group[i], invoices[i].status()));
      continue;
    }
    changes.push_back([invoice = *invoices[i]](Aggregate&, Order& o, absl::Time now) {
      core::InvoiceIssued(o, invoice, now);
    });
  }
  return changes;
}

OrderSteps::Change OrderSteps::Deliver(const HeldOrder& held) {
  absl::StatusOr<core::DeliveryAnswer> answer = peers_.delivery.Deliver(held.aggregate.product, held.order());
  const bool for_nobody = ReasonOf(answer.status()) == "ACCOUNT_DELETED";
  if (for_nobody) answer = core::DeliveryAnswer{.state = core::DeliveryAnswer::State::kRejected};
  if (!answer.ok()) return PutOff(held, answer.status());
  return [this, answer = *answer](Aggregate& a, Order& o, absl::Time now) {
    core::DeliveryAnswered(policy_, a, o, answer, now);
  };
}

OrderSteps::Change OrderSteps::GiveBack(const HeldOrder& held) {
  const absl::StatusOr<Refund> refund = peers_.payments.GiveBack(held.order());
  if (!refund.ok()) return PutOff(held, refund.status());
  switch (refund->state) {
    case Refund::State::kSucceeded:
      return [name = refund->name](Aggregate&, Order& o, absl::Time now) { core::RefundMade(o, name, now); };
    case Refund::State::kFailed:
      meter_.Trouble("refund refused by the gateway", held.order_id, refund->name);
      return
          [name = refund->name](Aggregate&, Order& o, absl::Time now) { core::RefundRefused(o, name, now); };
    case Refund::State::kPending:
      break;
  }
  return [](Aggregate&, Order& o, absl::Time now) { core::PutOff(o, now); };
}

OrderSteps::Change OrderSteps::Credit(const HeldOrder& held) {
  const absl::StatusOr<std::string> note = peers_.billing.CreateCreditNote(held.order());
  if (!note.ok()) return PutOff(held, note.status());
  return [note = *note](Aggregate&, Order& o, absl::Time now) { core::CreditNoteIssued(o, note, now); };
}

OrderSteps::Change OrderSteps::CancelProForma(const HeldOrder& held) {
  const absl::Status cancelled = peers_.billing.CancelProForma(held.order());
  // It was never made: the order failed before, or because, it was asked for.
  const bool gone = cancelled.ok() || ReasonOf(cancelled) == "PRO_FORMA_NOT_FOUND";
  if (!gone) return PutOff(held, cancelled);
  return [](Aggregate&, Order& o, absl::Time now) { core::ProFormaCancelled(o, now); };
}

OrderSteps::Change OrderSteps::PutOff(const HeldOrder& held, const absl::Status& why) {
  if (!IsAway(why))
    meter_.Trouble("a step of an order was refused", held.order_id, std::string(why.message()));
  return [](Aggregate&, Order& o, absl::Time now) { core::PutOff(o, now); };
}

std::vector<absl::StatusOr<Aggregate>> OrderSteps::Record(const Group& group,
                                                          const std::vector<Change>& changes) {
  std::vector<const Aggregate*> read;
  for (const HeldOrder* held : group) read.push_back(&held->aggregate);
  const auto decide = [&](size_t place, Aggregate& aggregate) -> absl::Status {
    const Order& held = group[place]->order();
    Order* current = aggregate.FindOrder(held.id);
    if (current == nullptr || current->version != held.version)
      return Taken("somebody else went on with the order");
    const absl::Time now = clock_.Now();
    changes[place](aggregate, *current, now);
    GoOnAlone(policy_, aggregate, *current, now);
    return absl::OkStatus();
  };
  std::vector<absl::StatusOr<Aggregate>> written = UpdateApart(products_, read, decide);
  for (size_t i = 0; i < group.size(); ++i) {
    if (!written[i].ok()) continue;
    CountAttempt(*group[i], *written[i]);
    for (const Order& each : written[i]->orders) {
      if (each.IsOver()) meter_.OrderEnded(each.offer.kind, core::StateOf(each));
    }
  }
  return written;
}

// The outcome of an automatic renewal's attempt, if it came with this.
void OrderSteps::CountAttempt(const HeldOrder& before, const Aggregate& after) {
  const Order& order = before.order();
  const Attempt* pinned = before.aggregate.CurrentAttempt(order);
  if (pinned == nullptr || !order.first_attempt_at) return;
  for (const Attempt& attempt : after.attempts) {
    if (attempt.id != pinned->id || attempt.state == pinned->state) continue;
    if (attempt.decline_code == core::kCardExhausted) continue;  // nothing was sent
    const int rung = core::RungOf(policy_, *order.first_attempt_at, order.offer.time_zone, clock_.Now());
    meter_.RenewalAttempted(attempt.state, rung);
  }
}

}  // namespace perennial::subscription
