#include "services/payment_token/rpc/charge_handler.h"

#include "libs/base/error.h"
#include "services/payment_token/rpc/proto_mapping.h"

namespace perennial::payment_token {
namespace {

rpc::Mutation<v1::CreateChargeRequest, v1::Charge> CreateCharge(Charges& charges) {
  return {
      .prepare = {},
      .commit = [&charges](const rpc::Call&, const v1::CreateChargeRequest& request,
                           const std::monostate&) -> absl::StatusOr<v1::Charge> {
        ASSIGN_OR_RETURN(const core::ChargeRequest charge, FromProto(request));
        ASSIGN_OR_RETURN(const core::Charge opened, charges.Open(charge));
        return ToProto(opened);
      },
      .finish = [&charges](const rpc::Call&, const v1::CreateChargeRequest& request,
                           const v1::Charge& opened) -> absl::StatusOr<v1::Charge> {
        // Final at once, and of a deleted account not even stored.
        if (opened.state() == v1::CHARGE_STATE_NO_PAYMENT_METHOD) return opened;
        ASSIGN_OR_RETURN(const ChildName name, ReadChildName(request.name(), "charges", "name"));
        ASSIGN_OR_RETURN(const core::Charge charge, charges.Drive(name.account_id, name.id));
        return ToProto(charge);
      },
      .secrets = {},
  };
}

rpc::Mutation<v1::CancelChargeRequest, v1::Charge> CancelCharge(Charges& charges) {
  return {
      .prepare = {},
      .commit = [&charges](const rpc::Call&, const v1::CancelChargeRequest& request,
                           const std::monostate&) -> absl::StatusOr<v1::Charge> {
        ASSIGN_OR_RETURN(const ChildName name, ReadChildName(request.name(), "charges", "name"));
        ASSIGN_OR_RETURN(const core::Charge charge, charges.GiveUp(name.account_id, name.id));
        return ToProto(charge);
      },
      .finish = [&charges](const rpc::Call&, const v1::CancelChargeRequest& request,
                           const v1::Charge&) -> absl::StatusOr<v1::Charge> {
        ASSIGN_OR_RETURN(const ChildName name, ReadChildName(request.name(), "charges", "name"));
        ASSIGN_OR_RETURN(const core::Charge charge, charges.Drive(name.account_id, name.id));
        return ToProto(charge);
      },
      .secrets = {},
  };
}

rpc::Mutation<v1::CreateRefundRequest, v1::Refund> CreateRefund(Charges& charges) {
  return {
      .prepare = {},
      .commit = [&charges](const rpc::Call&, const v1::CreateRefundRequest& request,
                           const std::monostate&) -> absl::StatusOr<v1::Refund> {
        ASSIGN_OR_RETURN(const core::RefundRequest refund, FromProto(request));
        ASSIGN_OR_RETURN(const core::Refund opened, charges.OpenRefund(refund));
        return ToProto(opened);
      },
      .finish = [&charges](const rpc::Call&, const v1::CreateRefundRequest& request,
                           const v1::Refund&) -> absl::StatusOr<v1::Refund> {
        ASSIGN_OR_RETURN(const Uuid id, Uuid::Parse(request.refund_id()));
        ASSIGN_OR_RETURN(const core::Refund refund, charges.DriveRefund(id));
        return ToProto(refund);
      },
      .secrets = {},
  };
}

absl::StatusOr<v1::ListChargeBooksResponse> ListBooks(Charges& charges, const crypto::PageTokens& tokens,
                                                      const v1::ListChargeBooksRequest& request) {
  if (request.page_size() < 0) return InvalidField("page_size", "must not be negative");
  ASSIGN_OR_RETURN(const std::string position, tokens.Read("charge_books", request.page_token()));
  const int size = PageSize(request.page_size());
  ASSIGN_OR_RETURN(std::vector<ChargeBook> page,
                   charges.Books(std::nullopt, ReadPosition(position), size + 1));
  v1::ListChargeBooksResponse response;
  if (static_cast<int>(page.size()) > size) {
    page.pop_back();
    const core::Charge& last = page.back().charge;
    response.set_next_page_token(
        tokens.Make("charge_books", WritePosition(last.created_at, last.request.id)));
  }
  for (const ChargeBook& book : page) *response.add_charge_books() = ToProto(book);
  return response;
}

}  // namespace

rpc::Service MakeChargeService(Charges& charges, PaymentMethods& methods) {
  const rpc::Access access = rpc::Services({"subscription"});
  rpc::Service service("perennial.payment_token.v1.ChargeService");
  service.Mutate<v1::CreateChargeRequest, v1::Charge>("CreateCharge", access, CreateCharge(charges));
  service.Read<v1::GetChargeRequest, v1::Charge>(
      "GetCharge", access,
      [&charges](const rpc::Call&, const v1::GetChargeRequest& request) -> absl::StatusOr<v1::Charge> {
        ASSIGN_OR_RETURN(const ChildName name, ReadChildName(request.name(), "charges", "name"));
        ASSIGN_OR_RETURN(const core::Charge charge, charges.Drive(name.account_id, name.id));
        return ToProto(charge);
      });
  service.Mutate<v1::CancelChargeRequest, v1::Charge>("CancelCharge", access, CancelCharge(charges));
  service.Mutate<v1::CreateRefundRequest, v1::Refund>("CreateRefund", access, CreateRefund(charges));
  service.Mutate<v1::SettleRefundRequest, v1::Refund>(
      "SettleRefund", rpc::Operators(),
      [&charges](const rpc::Call& call,
                 const v1::SettleRefundRequest& request) -> absl::StatusOr<v1::Refund> {
        ASSIGN_OR_RETURN(const core::RefundName name, FromProto(request));
        ASSIGN_OR_RETURN(const core::Refund settled,
                         charges.SettleRefund(name, {call.caller.name, request.reference()}));
        return ToProto(settled);
      });
  service.Read<v1::GetDefaultPaymentMethodRequest, v1::PaymentMethod>(
      "GetDefaultPaymentMethod", access,
      [&methods](const rpc::Call&,
                 const v1::GetDefaultPaymentMethodRequest& request) -> absl::StatusOr<v1::PaymentMethod> {
        ASSIGN_OR_RETURN(const Uuid account_id, ReadAccountName(request.account(), "account"));
        ASSIGN_OR_RETURN(const core::PaymentMethod method, methods.Default(account_id));
        return ToProto(method, methods.Now());
      });
  return service;
}

rpc::Service MakeChargeBooksService(Charges& charges, const crypto::PageTokens& page_tokens) {
  rpc::Service service("perennial.payment_token.v1.ChargeBooksService");
  service.Read<v1::ListChargeBooksRequest, v1::ListChargeBooksResponse>(
      "ListChargeBooks", rpc::Operators(),
      [&charges, &page_tokens](const rpc::Call&, const v1::ListChargeBooksRequest& request) {
        return ListBooks(charges, page_tokens, request);
      });
  return service;
}

}  // namespace perennial::payment_token
