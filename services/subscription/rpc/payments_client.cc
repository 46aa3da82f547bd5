#include "services/subscription/rpc/payments_client.h"

#include "absl/strings/str_cat.h"
#include "libs/base/error.h"
#include "libs/base/resource_name.h"
#include "libs/rpc/proto_values.h"
#include "perennial/payment_token/v1/charge_service.pb.h"
#include "services/subscription/core/facts.h"
#include "services/subscription/rpc/batch_call.h"

namespace perennial::subscription {
namespace {

namespace payment_v1 = payment_token::v1;

constexpr char kService[] = "perennial.payment_token.v1.ChargeService/";

std::string ChargeName(const core::Order& order, const Uuid& charge_id) {
  return MakeChildName(order.account_id, "charges", charge_id);
}

// An unknown state of a newer peer is an outcome that is not known.
core::AttemptState FromProto(payment_v1::ChargeState state) {
  switch (state) {
    case payment_v1::CHARGE_STATE_SUCCEEDED:
      return core::AttemptState::kSucceeded;
    case payment_v1::CHARGE_STATE_DECLINED:
      return core::AttemptState::kDeclined;
    case payment_v1::CHARGE_STATE_REQUIRES_ACTION:
      return core::AttemptState::kRequiresAction;
    case payment_v1::CHARGE_STATE_NO_PAYMENT_METHOD:
      return core::AttemptState::kNoMethod;
    case payment_v1::CHARGE_STATE_UNSPECIFIED:
    case payment_v1::CHARGE_STATE_PENDING:
    case payment_v1::CHARGE_STATE_UNKNOWN:
    default:
      return core::AttemptState::kOpen;
  }
}

core::DeclineClass FromProto(payment_v1::DeclineClass decline_class) {
  switch (decline_class) {
    case payment_v1::DECLINE_CLASS_HARD:
      return core::DeclineClass::kHard;
    case payment_v1::DECLINE_CLASS_CUSTOMER_ACTION:
      return core::DeclineClass::kCustomerAction;
    case payment_v1::DECLINE_CLASS_UNSPECIFIED:
    case payment_v1::DECLINE_CLASS_SOFT:
    default:
      return core::DeclineClass::kSoft;
  }
}

core::ChargeAnswer FromProto(const payment_v1::Charge& charge) {
  core::ChargeAnswer answer;
  answer.state = FromProto(charge.state());
  answer.decline_code = charge.decline_code();
  answer.decline_class = FromProto(charge.decline_class());
  answer.action_url = charge.action_url();
  answer.payment_method = charge.payment_method();
  answer.payment_description = charge.payment_description();
  if (charge.has_retry_time()) answer.retry_at = rpc::FromProto(charge.retry_time());
  return answer;
}

}  // namespace

std::vector<absl::StatusOr<core::ChargeAnswer>> PaymentsClient::Charge(
    const std::vector<PinnedCharge>& charges) {
  using Request = payment_v1::BatchCreateChargesRequest;
  using Response = payment_v1::BatchCreateChargesResponse;
  const BatchCall<PinnedCharge, core::ChargeAnswer, Request, Response> call{
      .method = std::string(kService) + "BatchCreateCharges",
      .timeout = absl::Seconds(25),
      .add =
          [](const PinnedCharge& charge, Request& request) {
            payment_v1::CreateChargeRequest& item = *request.add_requests();
            const core::Order& order = *charge.order;
            item.set_name(ChargeName(order, charge.attempt->id));
            item.set_order(core::OrderName(order));
            item.set_payment_method(charge.attempt->payment_method);
            *item.mutable_amount() = rpc::ToProto(Money{order.offer.currency, charge.attempt->amount_minor});
            item.set_off_session(charge.attempt->off_session);
            item.set_description("Perennial " + order.id.ToString());
          },
      .order_of = [](const PinnedCharge& charge) -> const core::Order& { return *charge.order; },
      .values =
          [](const Response& response) {
            std::vector<core::ChargeAnswer> answers;
            for (const auto& charge : response.charges()) answers.push_back(FromProto(charge));
            return answers;
          },
  };
  return call.Run(peer_, charges);
}

absl::StatusOr<core::ChargeAnswer> PaymentsClient::Ask(const core::Order& order,
                                                       const core::Attempt& attempt) {
  payment_v1::GetChargeRequest request;
  request.set_name(ChargeName(order, attempt.id));
  ASSIGN_OR_RETURN(const auto charge,
                   peer_.Call<payment_v1::Charge>(std::string(kService) + "GetCharge", request));
  return FromProto(charge);
}

absl::StatusOr<core::ChargeAnswer> PaymentsClient::Cancel(const core::Order& order,
                                                          const core::Attempt& attempt) {
  payment_v1::CancelChargeRequest request;
  request.set_name(ChargeName(order, attempt.id));
  request.set_request_id(Uuid::Derive(attempt.id, "cancel").ToString());
  ASSIGN_OR_RETURN(const auto charge, peer_.Call<payment_v1::Charge>(std::string(kService) + "CancelCharge",
                                                                     request, absl::Seconds(25)));
  return FromProto(charge);
}

absl::StatusOr<Refund> PaymentsClient::GiveBack(const core::Order& order) {
  if (order.refund.empty()) return GiveBack(order, Uuid::Derive(order.id, "refund"));
  // A person may have paid the refused one meanwhile (SettleRefund).
  const auto refused = Uuid::Parse(order.refund.substr(order.refund.rfind('/') + 1));
  RETURN_IF_ERROR(refused.status());
  ASSIGN_OR_RETURN(const Refund last, GiveBack(order, *refused));
  if (last.state != Refund::State::kFailed) return last;
  // The gateway does not go back on its word, so the next one needs an id of its own.
  return GiveBack(order, Uuid::Derive(order.id, "refund/after/" + order.refund));
}

absl::StatusOr<Refund> PaymentsClient::GiveBack(const core::Order& order, const Uuid& refund_id) {
  payment_v1::CreateRefundRequest request;
  request.set_charge(ChargeName(order, *order.charge_id));
  request.set_refund_id(refund_id.ToString());
  request.set_request_id(Uuid::Derive(refund_id, "request").ToString());
  ASSIGN_OR_RETURN(const auto refund, peer_.Call<payment_v1::Refund>(std::string(kService) + "CreateRefund",
                                                                     request, absl::Seconds(25)));
  // Of the order's account, as billing knows it: payment_token may have forgotten who that was (R7).
  const std::string name = absl::StrCat(request.charge(), "/refunds/", request.refund_id());
  switch (refund.state()) {
    case payment_v1::REFUND_STATE_SUCCEEDED:
      return Refund{Refund::State::kSucceeded, name};
    case payment_v1::REFUND_STATE_FAILED:
      return Refund{Refund::State::kFailed, name};
    case payment_v1::REFUND_STATE_UNSPECIFIED:
    case payment_v1::REFUND_STATE_PENDING:
    case payment_v1::REFUND_STATE_UNKNOWN:
    default:
      return Refund{Refund::State::kPending, name};
  }
}

absl::StatusOr<std::string> PaymentsClient::DefaultMethod(const Uuid& account_id) {
  payment_v1::GetDefaultPaymentMethodRequest request;
  request.set_account(AccountName(account_id));
  // A page must not wait for it: without an answer it is left out.
  const auto method = peer_.Call<payment_v1::PaymentMethod>(std::string(kService) + "GetDefaultPaymentMethod",
                                                            request, absl::Seconds(2));
  if (ReasonOf(method.status()) == "PAYMENT_METHOD_MISSING") return "";
  RETURN_IF_ERROR(method.status());
  return method->name();
}

}  // namespace perennial::subscription
