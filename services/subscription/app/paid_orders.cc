#include "services/subscription/app/paid_orders.h"

#include <cstdlib>

namespace perennial::subscription {

PaidOrderState PaidOrderStateOf(core::OrderStep step) {
  using core::OrderStep;
  switch (step) {
    case OrderStep::kProForma:
    case OrderStep::kCharge:
    case OrderStep::kWaiting:
    case OrderStep::kInvoice:
    case OrderStep::kApply:
    case OrderStep::kCancelCharge:
      return PaidOrderState::kOpen;
    case OrderStep::kDeliver:
    case OrderStep::kDone:
      return PaidOrderState::kApplied;
    case OrderStep::kRefund:
    case OrderStep::kCreditNote:
    case OrderStep::kReverse:
    case OrderStep::kRefunded:
      return PaidOrderState::kRefunded;
    case OrderStep::kCancelProForma:
    case OrderStep::kFailed:
      return PaidOrderState::kFailed;
  }
  std::abort();
}

}  // namespace perennial::subscription
