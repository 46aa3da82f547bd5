#include "services/subscription/storage/names.h"

#include <array>
#include <cstdlib>

namespace perennial::subscription {
namespace {

template <typename Enum, size_t N>
Enum Find(const std::array<Enum, N>& all, const std::string& text) {
  for (const Enum value : all) {
    if (ToText(value) == text) return value;
  }
  std::abort();
}

}  // namespace

std::string ToText(core::ProductKind value) {
  switch (value) {
    case core::ProductKind::kPlan:
      return "plan";
    case core::ProductKind::kDomain:
      return "domain";
    case core::ProductKind::kMailbox:
      return "mailbox";
  }
  std::abort();
}

std::string ToText(core::ProductState value) {
  switch (value) {
    case core::ProductState::kPending:
      return "pending";
    case core::ProductState::kActive:
      return "active";
    case core::ProductState::kExpired:
      return "expired";
    case core::ProductState::kEnded:
      return "ended";
    case core::ProductState::kReactivating:
      return "reactivating";
  }
  std::abort();
}

std::string ToText(core::DeliveryState value) {
  switch (value) {
    case core::DeliveryState::kNotNeeded:
      return "not_needed";
    case core::DeliveryState::kPending:
      return "pending";
    case core::DeliveryState::kDone:
      return "done";
    case core::DeliveryState::kFailed:
      return "failed";
  }
  std::abort();
}

std::string ToText(core::TermState value) {
  switch (value) {
    case core::TermState::kActive:
      return "active";
    case core::TermState::kReplaced:
      return "replaced";
    case core::TermState::kReversed:
      return "reversed";
  }
  std::abort();
}

std::string ToText(core::OrderKind value) {
  switch (value) {
    case core::OrderKind::kPurchase:
      return "purchase";
    case core::OrderKind::kUpgrade:
      return "upgrade";
    case core::OrderKind::kRenewal:
      return "renewal";
    case core::OrderKind::kAutomaticRenewal:
      return "automatic_renewal";
  }
  std::abort();
}

std::string ToText(core::OrderStep value) {
  switch (value) {
    case core::OrderStep::kProForma:
      return "pro_forma";
    case core::OrderStep::kCharge:
      return "charge";
    case core::OrderStep::kWaiting:
      return "waiting";
    case core::OrderStep::kInvoice:
      return "invoice";
    case core::OrderStep::kApply:
      return "apply";
    case core::OrderStep::kDeliver:
      return "deliver";
    case core::OrderStep::kRefund:
      return "refund";
    case core::OrderStep::kCreditNote:
      return "credit_note";
    case core::OrderStep::kReverse:
      return "reverse";
    case core::OrderStep::kCancelCharge:
      return "cancel_charge";
    case core::OrderStep::kCancelProForma:
      return "cancel_pro_forma";
    case core::OrderStep::kDone:
      return "done";
    case core::OrderStep::kFailed:
      return "failed";
    case core::OrderStep::kRefunded:
      return "refunded";
  }
  std::abort();
}

std::string ToText(core::OrderFailure value) {
  switch (value) {
    case core::OrderFailure::kNone:
      return "none";
    case core::OrderFailure::kPaymentDeclined:
      return "payment_declined";
    case core::OrderFailure::kPaymentMethodMissing:
      return "payment_method_missing";
    case core::OrderFailure::kPaymentNotConfirmed:
      return "payment_not_confirmed";
    case core::OrderFailure::kQuoteStale:
      return "quote_stale";
    case core::OrderFailure::kDunningEnded:
      return "dunning_ended";
    case core::OrderFailure::kAutoRenewOff:
      return "auto_renew_off";
    case core::OrderFailure::kDeliveryRejected:
      return "delivery_rejected";
    case core::OrderFailure::kAccountDeleted:
      return "account_deleted";
    case core::OrderFailure::kSuperseded:
      return "superseded";
    case core::OrderFailure::kBillingRefused:
      return "billing_refused";
  }
  std::abort();
}

std::string ToText(core::Wait value) {
  switch (value) {
    case core::Wait::kNone:
      return "none";
    case core::Wait::kRung:
      return "rung";
    case core::Wait::kMethod:
      return "method";
    case core::Wait::kCustomer:
      return "customer";
  }
  std::abort();
}

std::string ToText(core::AttemptState value) {
  switch (value) {
    case core::AttemptState::kOpen:
      return "open";
    case core::AttemptState::kSucceeded:
      return "succeeded";
    case core::AttemptState::kDeclined:
      return "declined";
    case core::AttemptState::kRequiresAction:
      return "requires_action";
    case core::AttemptState::kNoMethod:
      return "no_method";
  }
  std::abort();
}

std::string ToText(tax::Treatment value) {
  switch (value) {
    case tax::Treatment::kStandard:
      return "standard";
    case tax::Treatment::kReverseCharge:
      return "reverse_charge";
    case tax::Treatment::kOutOfScope:
      return "out_of_scope";
  }
  std::abort();
}

template <>
core::ProductKind FromText(const std::string& text) {
  using core::ProductKind;
  return Find(std::array{ProductKind::kPlan, ProductKind::kDomain, ProductKind::kMailbox}, text);
}

template <>
core::ProductState FromText(const std::string& text) {
  using core::ProductState;
  return Find(std::array{ProductState::kPending, ProductState::kActive, ProductState::kExpired,
                         ProductState::kEnded, ProductState::kReactivating},
              text);
}

template <>
core::DeliveryState FromText(const std::string& text) {
  using core::DeliveryState;
  return Find(std::array{DeliveryState::kNotNeeded, DeliveryState::kPending, DeliveryState::kDone,
                         DeliveryState::kFailed},
              text);
}

template <>
core::TermState FromText(const std::string& text) {
  using core::TermState;
  return Find(std::array{TermState::kActive, TermState::kReplaced, TermState::kReversed}, text);
}

template <>
core::OrderKind FromText(const std::string& text) {
  using core::OrderKind;
  return Find(std::array{OrderKind::kPurchase, OrderKind::kUpgrade, OrderKind::kRenewal,
                         OrderKind::kAutomaticRenewal},
              text);
}

template <>
core::OrderStep FromText(const std::string& text) {
  using core::OrderStep;
  return Find(std::array{OrderStep::kProForma, OrderStep::kCharge, OrderStep::kWaiting, OrderStep::kInvoice,
                         OrderStep::kApply, OrderStep::kCancelCharge, OrderStep::kDeliver, OrderStep::kRefund,
                         OrderStep::kCreditNote, OrderStep::kReverse, OrderStep::kCancelProForma,
                         OrderStep::kDone, OrderStep::kFailed, OrderStep::kRefunded},
              text);
}

template <>
core::OrderFailure FromText(const std::string& text) {
  using core::OrderFailure;
  return Find(
      std::array{OrderFailure::kNone, OrderFailure::kPaymentDeclined, OrderFailure::kPaymentMethodMissing,
                 OrderFailure::kPaymentNotConfirmed, OrderFailure::kQuoteStale, OrderFailure::kDunningEnded,
                 OrderFailure::kAutoRenewOff, OrderFailure::kDeliveryRejected, OrderFailure::kAccountDeleted,
                 OrderFailure::kSuperseded, OrderFailure::kBillingRefused},
      text);
}

template <>
core::Wait FromText(const std::string& text) {
  using core::Wait;
  return Find(std::array{Wait::kNone, Wait::kRung, Wait::kMethod, Wait::kCustomer}, text);
}

template <>
core::AttemptState FromText(const std::string& text) {
  using core::AttemptState;
  return Find(std::array{AttemptState::kOpen, AttemptState::kSucceeded, AttemptState::kDeclined,
                         AttemptState::kRequiresAction, AttemptState::kNoMethod},
              text);
}

template <>
tax::Treatment FromText(const std::string& text) {
  using tax::Treatment;
  return Find(std::array{Treatment::kStandard, Treatment::kReverseCharge, Treatment::kOutOfScope}, text);
}

}  // namespace perennial::subscription
