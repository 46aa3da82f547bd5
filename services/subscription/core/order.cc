#include "services/subscription/core/order.h"

namespace perennial::subscription::core {

int64_t Offer::NetMinor() const {
  int64_t sum = 0;
  for (const Line& line : lines) sum += line.net_minor;
  return sum;
}

std::optional<int64_t> AgreedTotal(const Order& order) {
  return order.quote_id ? order.total_minor : std::nullopt;
}

OrderState StateOf(const Order& order) {
  switch (order.step) {
    case OrderStep::kProForma:
      return order.attempt_count == 0 ? OrderState::kOpen : OrderState::kPastDue;
    case OrderStep::kCharge:
      return order.charge_id ? OrderState::kAwaitingPayment : OrderState::kOpen;
    case OrderStep::kWaiting:
      return OrderState::kPastDue;
    case OrderStep::kInvoice:
    case OrderStep::kApply:
      return OrderState::kPaid;
    case OrderStep::kDeliver:
      return OrderState::kDelivering;
    case OrderStep::kRefund:
    case OrderStep::kCreditNote:
    case OrderStep::kReverse:
      return OrderState::kCompensating;
    case OrderStep::kCancelCharge:
      return OrderState::kAwaitingPayment;
    case OrderStep::kCancelProForma:
    case OrderStep::kFailed:
      return OrderState::kFailed;
    case OrderStep::kDone:
      return OrderState::kDone;
    case OrderStep::kRefunded:
      return OrderState::kRefunded;
  }
  return OrderState::kOpen;
}

Order* Aggregate::FindOrder(const Uuid& id) {
  for (Order& order : orders) {
    if (order.id == id) return &order;
  }
  return nullptr;
}

const Order* Aggregate::FindOrder(const Uuid& id) const {
  return const_cast<Aggregate*>(this)->FindOrder(id);
}

Attempt* Aggregate::CurrentAttempt(const Order& order) {
  for (Attempt& attempt : attempts) {
    if (order.charge_id && attempt.id == *order.charge_id) return &attempt;
  }
  return nullptr;
}

const Attempt* Aggregate::CurrentAttempt(const Order& order) const {
  return const_cast<Aggregate*>(this)->CurrentAttempt(order);
}

std::vector<absl::Time> Aggregate::AttemptTimes() const {
  std::vector<absl::Time> times;
  for (const Attempt& attempt : attempts) {
    const bool was_sent = attempt.state != AttemptState::kNoMethod && attempt.decline_code != kCardExhausted;
    if (was_sent) times.push_back(attempt.created_at);
  }
  return times;
}

const Order* BlockingOrder(const Aggregate& aggregate) {
  for (const Order& order : aggregate.orders) {
    if (!order.IsOver() && !order.HasFailed() && !order.IsCompensating() && !order.held_by) return &order;
  }
  return nullptr;
}

Order* OpenAutomaticRenewal(Aggregate& aggregate) {
  for (Order& order : aggregate.orders) {
    const bool is_open = !order.IsOver() && !order.HasFailed() && !order.IsCompensating();
    if (order.offer.kind == OrderKind::kAutomaticRenewal && is_open) return &order;
  }
  return nullptr;
}

const Order* OpenAutomaticRenewal(const Aggregate& aggregate) {
  return OpenAutomaticRenewal(const_cast<Aggregate&>(aggregate));
}

bool IsPaid(const Order& order) {
  return order.step == OrderStep::kInvoice || order.step == OrderStep::kApply ||
         order.step == OrderStep::kDeliver;
}

bool IsCharging(const Aggregate& aggregate, const Order& order) {
  switch (order.step) {
    case OrderStep::kProForma:
      return false;
    case OrderStep::kCharge:
    case OrderStep::kWaiting: {
      const Attempt* attempt = aggregate.CurrentAttempt(order);
      return attempt != nullptr && attempt->IsInFlight();
    }
    case OrderStep::kCancelCharge:
    case OrderStep::kInvoice:
    case OrderStep::kApply:
    case OrderStep::kDeliver:
    case OrderStep::kRefund:
    case OrderStep::kCreditNote:
    case OrderStep::kReverse:
      return true;
    case OrderStep::kCancelProForma:
    case OrderStep::kDone:
    case OrderStep::kFailed:
    case OrderStep::kRefunded:
      return false;
  }
  return true;
}

}  // namespace perennial::subscription::core
