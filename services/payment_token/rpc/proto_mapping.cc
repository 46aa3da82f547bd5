#include "services/payment_token/rpc/proto_mapping.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/civil_date.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/rpc/proto_values.h"

namespace perennial::payment_token {
namespace {

constexpr int kDefaultPage = 50;
constexpr int kLargestPage = 200;
constexpr size_t kMaxDescription = 100;
constexpr size_t kMaxReferenceBytes = 200;

v1::CardBrand ToProto(core::CardBrand brand) {
  switch (brand) {
    case core::CardBrand::kVisa:
      return v1::CARD_BRAND_VISA;
    case core::CardBrand::kMastercard:
      return v1::CARD_BRAND_MASTERCARD;
    case core::CardBrand::kAmericanExpress:
      return v1::CARD_BRAND_AMERICAN_EXPRESS;
    case core::CardBrand::kDiscover:
      return v1::CARD_BRAND_DISCOVER;
    case core::CardBrand::kDinersClub:
      return v1::CARD_BRAND_DINERS_CLUB;
    case core::CardBrand::kJcb:
      return v1::CARD_BRAND_JCB;
    case core::CardBrand::kUnionPay:
      return v1::CARD_BRAND_UNION_PAY;
    case core::CardBrand::kOther:
      return v1::CARD_BRAND_OTHER;
  }
  std::abort();
}

v1::CardFunding ToProto(core::CardFunding funding) {
  switch (funding) {
    case core::CardFunding::kUnknown:
      return v1::CARD_FUNDING_UNSPECIFIED;
    case core::CardFunding::kCredit:
      return v1::CARD_FUNDING_CREDIT;
    case core::CardFunding::kDebit:
      return v1::CARD_FUNDING_DEBIT;
    case core::CardFunding::kPrepaid:
      return v1::CARD_FUNDING_PREPAID;
  }
  std::abort();
}

v1::ChargeState ToProto(core::ChargeState state) {
  switch (state) {
    case core::ChargeState::kPending:
      return v1::CHARGE_STATE_PENDING;
    case core::ChargeState::kSucceeded:
      return v1::CHARGE_STATE_SUCCEEDED;
    case core::ChargeState::kDeclined:
      return v1::CHARGE_STATE_DECLINED;
    case core::ChargeState::kRequiresAction:
      return v1::CHARGE_STATE_REQUIRES_ACTION;
    case core::ChargeState::kNoPaymentMethod:
      return v1::CHARGE_STATE_NO_PAYMENT_METHOD;
    case core::ChargeState::kUnknown:
      return v1::CHARGE_STATE_UNKNOWN;
  }
  std::abort();
}

v1::DeclineClass ToProto(core::DeclineClass decline_class) {
  switch (decline_class) {
    case core::DeclineClass::kNone:
      return v1::DECLINE_CLASS_UNSPECIFIED;
    case core::DeclineClass::kSoft:
      return v1::DECLINE_CLASS_SOFT;
    case core::DeclineClass::kHard:
      return v1::DECLINE_CLASS_HARD;
    case core::DeclineClass::kCustomerAction:
      return v1::DECLINE_CLASS_CUSTOMER_ACTION;
  }
  std::abort();
}

v1::RefundState ToProto(core::RefundState state) {
  switch (state) {
    case core::RefundState::kPending:
      return v1::REFUND_STATE_PENDING;
    case core::RefundState::kSucceeded:
      return v1::REFUND_STATE_SUCCEEDED;
    case core::RefundState::kFailed:
      return v1::REFUND_STATE_FAILED;
    case core::RefundState::kUnknown:
      return v1::REFUND_STATE_UNKNOWN;
  }
  std::abort();
}

}  // namespace

absl::StatusOr<Uuid> ReadAccountName(absl::string_view name, absl::string_view field) {
  const std::optional<Uuid> id = ParseAccountName(name);
  if (!id) return InvalidField(field, "must be accounts/{uuid}");
  return *id;
}

absl::StatusOr<ChildName> ReadChildName(absl::string_view name, absl::string_view collection,
                                        absl::string_view field) {
  const std::optional<ChildName> parsed = ParseChildName(name, collection);
  if (!parsed) return InvalidField(field, absl::StrCat("must be accounts/{uuid}/", collection, "/{uuid}"));
  return *parsed;
}

core::CardEntry FromProto(const v1::CardEntry& entry) {
  return {core::SecretText(entry.number()), entry.expiry_month(), entry.expiry_year(),
          core::SecretText(entry.security_code()), entry.holder_name()};
}

absl::Status CheckSameCard(const v1::CardEntry& entry, const v1::PaymentMethod& kept) {
  const core::SecretText digits = core::Digits(entry.number());
  if (!kept.card().last_four().empty() && absl::EndsWith(digits.view(), kept.card().last_four()))
    return absl::OkStatus();
  return Precondition("REQUEST_ID_REUSED", "this request_id was used for another card; use a new one");
}

absl::StatusOr<core::ChargeRequest> FromProto(const v1::CreateChargeRequest& request) {
  core::ChargeRequest charge;
  ASSIGN_OR_RETURN(const ChildName name, ReadChildName(request.name(), "charges", "name"));
  ASSIGN_OR_RETURN(const ChildName order, ReadChildName(request.order(), "orders", "order"));
  ASSIGN_OR_RETURN(charge.amount, rpc::FromProto(request.amount(), "amount"));
  FieldViolations violations;
  violations.Require(order.account_id == name.account_id, "order", "must be of the charge's account");
  const size_t length = core::Characters(request.description());
  violations.Require(length >= 1 && length <= kMaxDescription, "description",
                     "must have 1 to 100 characters");
  if (!request.payment_method().empty()) {
    ASSIGN_OR_RETURN(const ChildName method,
                     ReadChildName(request.payment_method(), "paymentMethods", "payment_method"));
    violations.Require(method.account_id == name.account_id, "payment_method",
                       "must be of the charge's account");
    charge.payment_method_id = method.id;
  }
  RETURN_IF_ERROR(violations.ToStatus());
  charge.id = name.id;
  charge.account_id = name.account_id;
  charge.order_id = order.id;
  charge.off_session = request.off_session();
  charge.description = request.description();
  return charge;
}

absl::StatusOr<core::RefundRequest> FromProto(const v1::CreateRefundRequest& request) {
  core::RefundRequest refund;
  ASSIGN_OR_RETURN(const ChildName charge, ReadChildName(request.charge(), "charges", "charge"));
  const absl::StatusOr<Uuid> id = Uuid::Parse(request.refund_id());
  if (!id.ok() || id->IsNil()) return InvalidField("refund_id", "must be a UUID");
  if (request.has_amount()) {
    ASSIGN_OR_RETURN(refund.amount, rpc::FromProto(request.amount(), "amount"));
  }
  refund.id = *id;
  refund.account_id = charge.account_id;
  refund.charge_id = charge.id;
  return refund;
}

absl::StatusOr<core::RefundName> FromProto(const v1::SettleRefundRequest& request) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(request.name(), "/refunds/");
  const auto charge = ParseChildName(parts.first, "charges");
  const auto id = Uuid::Parse(parts.second);
  FieldViolations violations;
  violations.Require(charge && id.ok(), "name", "must be accounts/{a}/charges/{c}/refunds/{r}");
  const std::string& reference = request.reference();
  const bool is_plain = std::none_of(reference.begin(), reference.end(), [](char c) {
    return absl::ascii_iscntrl(static_cast<unsigned char>(c));
  });
  violations.Require(!reference.empty() && reference.size() <= kMaxReferenceBytes && is_plain, "reference",
                     "has 1 to 200 bytes, none of them controls");
  RETURN_IF_ERROR(violations.ToStatus());
  return core::RefundName{charge->account_id, charge->id, *id};
}

v1::PaymentMethod ToProto(const core::PaymentMethod& method, absl::Time now) {
  v1::PaymentMethod proto;
  proto.set_name(MakeChildName(method.account_id, "paymentMethods", method.id));
  v1::Card& card = *proto.mutable_card();
  card.set_brand(ToProto(method.card.brand));
  card.set_last_four(method.card.last_four);
  card.set_expiry_month(method.card.expiry_month);
  card.set_expiry_year(method.card.expiry_year);
  card.set_fingerprint(method.card.fingerprint);
  card.set_country_code(method.card.country_code);
  card.set_funding(ToProto(method.card.funding));
  proto.set_state(core::IsExpired(method.card, DateAt(now, absl::UTCTimeZone()))
                      ? v1::PAYMENT_METHOD_STATE_EXPIRED
                      : v1::PAYMENT_METHOD_STATE_ACTIVE);
  *proto.mutable_create_time() = rpc::ToProto(method.created_at);
  if (method.last_used_at) *proto.mutable_last_used_time() = rpc::ToProto(*method.last_used_at);
  return proto;
}

v1::Charge ToProto(const core::Charge& charge) {
  const core::ChargeRequest& request = charge.request;
  v1::Charge proto;
  proto.set_name(MakeChildName(request.account_id, "charges", request.id));
  proto.set_order(MakeChildName(request.account_id, "orders", request.order_id));
  if (charge.payment_method_id)
    proto.set_payment_method(MakeChildName(request.account_id, "paymentMethods", *charge.payment_method_id));
  proto.set_payment_description(charge.payment_description);
  *proto.mutable_amount() = rpc::ToProto(request.amount);
  *proto.mutable_refunded_amount() = rpc::ToProto(Money{request.amount.currency, charge.refunded_minor});
  proto.set_state(ToProto(charge.state));
  proto.set_decline_code(core::CodeForCustomer(charge.decline_code));
  proto.set_decline_class(ToProto(charge.decline_class));
  proto.set_action_url(charge.action_url);
  proto.set_gateway_reference(charge.gateway_reference);
  proto.set_off_session(request.off_session);
  *proto.mutable_create_time() = rpc::ToProto(charge.created_at);
  *proto.mutable_update_time() = rpc::ToProto(charge.updated_at);
  if (charge.retry_at) *proto.mutable_retry_time() = rpc::ToProto(*charge.retry_at);
  return proto;
}

v1::Refund ToProto(const core::Refund& refund) {
  const core::RefundRequest& request = refund.request;
  v1::Refund proto;
  proto.set_name(absl::StrCat(MakeChildName(request.account_id, "charges", request.charge_id), "/refunds/",
                              request.id.ToString()));
  proto.set_order(MakeChildName(request.account_id, "orders", refund.order_id));
  *proto.mutable_amount() = rpc::ToProto(refund.amount);
  proto.set_state(ToProto(refund.state));
  proto.set_failure_code(refund.failure_code);
  proto.set_gateway_reference(refund.gateway_reference);
  *proto.mutable_create_time() = rpc::ToProto(refund.created_at);
  *proto.mutable_update_time() = rpc::ToProto(refund.updated_at);
  if (refund.settlement) {
    proto.mutable_settlement()->set_operator_(refund.settlement->settled_by);
    proto.mutable_settlement()->set_reference(refund.settlement->reference);
  }
  return proto;
}

v1::ChargeBook ToProto(const ChargeBook& book) {
  v1::ChargeBook proto;
  *proto.mutable_charge() = ToProto(book.charge);
  proto.mutable_charge()->set_decline_code(book.charge.decline_code);
  for (const core::Refund& refund : book.refunds) *proto.add_refunds() = ToProto(refund);
  return proto;
}

int PageSize(int32_t page_size) {
  return page_size <= 0 ? kDefaultPage : std::min<int>(page_size, kLargestPage);
}

std::string WritePosition(absl::Time created_at, const Uuid& id) {
  return absl::StrCat(absl::ToUnixMicros(created_at), "/", id.ToString());
}

std::optional<PagePosition> ReadPosition(absl::string_view position) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(position, absl::MaxSplits('/', 1));
  int64_t micros = 0;
  const absl::StatusOr<Uuid> id = Uuid::Parse(parts.second);
  if (!absl::SimpleAtoi(parts.first, &micros) || !id.ok()) return std::nullopt;
  return PagePosition{absl::FromUnixMicros(micros), *id};
}

}  // namespace perennial::payment_token
