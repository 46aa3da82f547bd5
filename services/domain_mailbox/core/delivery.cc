#include "services/domain_mailbox/core/delivery.h"

#include <algorithm>
#include <utility>

namespace perennial::domain_mailbox::core {
namespace {

constexpr absl::Duration kShortestPause = absl::Seconds(10);
constexpr absl::Duration kLongestPause = absl::Hours(1);

struct Apply {
  Delivery& delivery;

  void operator()(const Done&) const { delivery.state = DeliveryState::kDone; }
  void operator()(const Pending& pending) const {
    delivery.state = DeliveryState::kPending;
    delivery.pending_reference = pending.reference;
  }
  void operator()(const Rejected& rejected) const {
    delivery.state = DeliveryState::kRejected;
    delivery.rejection = rejected.why;
  }
  void operator()(const Retryable&) const { delivery.state = DeliveryState::kRetryable; }
  void operator()(const Unknown&) const { delivery.state = DeliveryState::kUnknown; }
};

}  // namespace

bool IsFinal(DeliveryState state) {
  switch (state) {
    case DeliveryState::kDone:
    case DeliveryState::kRejected:
      return true;
    case DeliveryState::kPending:
    case DeliveryState::kRetryable:
    case DeliveryState::kUnknown:
      return false;
  }
  return false;
}

absl::Duration PauseAfter(int failures) {
  absl::Duration pause = kShortestPause;
  for (int i = 1; i < failures && pause < kLongestPause; ++i) pause *= 2;
  return std::min(pause, kLongestPause);
}

Delivery NewDelivery(const Uuid& order_id, const Uuid& product_id, const Uuid& account_id, Task task,
                     absl::Time now) {
  Delivery delivery;
  delivery.order_id = order_id;
  delivery.product_id = product_id;
  delivery.account_id = account_id;
  delivery.task = std::move(task);
  delivery.next_attempt_at = now;
  delivery.created_at = now;
  delivery.updated_at = now;
  return delivery;
}

Delivery Advance(Delivery delivery, const Outcome& outcome, absl::Time now) {
  if (IsFinal(delivery.state)) return delivery;
  ++delivery.attempt_count;
  delivery.updated_at = now;
  std::visit(Apply{delivery}, outcome);
  const bool given_up = delivery.state == DeliveryState::kRetryable && now >= delivery.created_at + kTryFor;
  if (given_up) Apply{delivery}(Rejected{Rejection::kAttemptsExhausted});
  delivery.next_attempt_at = std::nullopt;
  if (!IsFinal(delivery.state)) delivery.next_attempt_at = now + PauseAfter(delivery.attempt_count);
  return delivery;
}

}  // namespace perennial::domain_mailbox::core
