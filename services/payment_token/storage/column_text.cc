#include "services/payment_token/storage/column_text.h"

#include <cstdlib>
#include <initializer_list>

namespace perennial::payment_token {
namespace {

template <typename T>
T Parse(absl::string_view text, std::initializer_list<T> all) {
  for (const T value : all) {
    if (text == ToColumn(value)) return value;
  }
  std::abort();
}

}  // namespace

const char* ToColumn(core::CardBrand brand) {
  switch (brand) {
    case core::CardBrand::kVisa:
      return "visa";
    case core::CardBrand::kMastercard:
      return "mastercard";
    case core::CardBrand::kAmericanExpress:
      return "american_express";
    case core::CardBrand::kDiscover:
      return "discover";
    case core::CardBrand::kDinersClub:
      return "diners_club";
    case core::CardBrand::kJcb:
      return "jcb";
    case core::CardBrand::kUnionPay:
      return "union_pay";
    case core::CardBrand::kOther:
      return "other";
  }
  std::abort();
}

const char* ToColumn(core::CardFunding funding) {
  switch (funding) {
    case core::CardFunding::kUnknown:
      return "unknown";
    case core::CardFunding::kCredit:
      return "credit";
    case core::CardFunding::kDebit:
      return "debit";
    case core::CardFunding::kPrepaid:
      return "prepaid";
  }
  std::abort();
}

const char* ToColumn(core::ChargeState state) {
  switch (state) {
    case core::ChargeState::kPending:
      return "pending";
    case core::ChargeState::kSucceeded:
      return "succeeded";
    case core::ChargeState::kDeclined:
      return "declined";
    case core::ChargeState::kRequiresAction:
      return "requires_action";
    case core::ChargeState::kNoPaymentMethod:
      return "no_payment_method";
    case core::ChargeState::kUnknown:
      return "unknown";
  }
  std::abort();
}

const char* ToColumn(core::DeclineClass decline_class) {
  switch (decline_class) {
    case core::DeclineClass::kNone:
      return "none";
    case core::DeclineClass::kSoft:
      return "soft";
    case core::DeclineClass::kHard:
      return "hard";
    case core::DeclineClass::kCustomerAction:
      return "customer_action";
  }
  std::abort();
}

const char* ToColumn(core::RefundState state) {
  switch (state) {
    case core::RefundState::kPending:
      return "pending";
    case core::RefundState::kSucceeded:
      return "succeeded";
    case core::RefundState::kFailed:
      return "failed";
    case core::RefundState::kUnknown:
      return "unknown";
  }
  std::abort();
}

template <>
core::CardBrand FromColumn(absl::string_view text) {
  using enum core::CardBrand;
  return Parse(text, {kVisa, kMastercard, kAmericanExpress, kDiscover, kDinersClub, kJcb, kUnionPay, kOther});
}

template <>
core::CardFunding FromColumn(absl::string_view text) {
  using enum core::CardFunding;
  return Parse(text, {kUnknown, kCredit, kDebit, kPrepaid});
}

template <>
core::ChargeState FromColumn(absl::string_view text) {
  using enum core::ChargeState;
  return Parse(text, {kPending, kSucceeded, kDeclined, kRequiresAction, kNoPaymentMethod, kUnknown});
}

template <>
core::DeclineClass FromColumn(absl::string_view text) {
  using enum core::DeclineClass;
  return Parse(text, {kNone, kSoft, kHard, kCustomerAction});
}

template <>
core::RefundState FromColumn(absl::string_view text) {
  using enum core::RefundState;
  return Parse(text, {kPending, kSucceeded, kFailed, kUnknown});
}

}  // namespace perennial::payment_token
