#include "services/payment_token/rpc/payment_method_handler.h"

#include <google/protobuf/empty.pb.h>

#include "absl/strings/str_cat.h"
#include "libs/base/error.h"
#include "services/payment_token/rpc/proto_mapping.h"

namespace perennial::payment_token {
namespace {

using google::protobuf::Empty;

rpc::Mutation<v1::CreatePaymentMethodRequest, v1::PaymentMethod, PaymentMethods::Held> Create(
    PaymentMethods& methods) {
  return {
      .prepare = [&methods](const rpc::Call& call, const v1::CreatePaymentMethodRequest& request)
          -> absl::StatusOr<PaymentMethods::Held> {
        ASSIGN_OR_RETURN(const Uuid account_id, ReadAccountName(request.parent(), "parent"));
        ASSIGN_OR_RETURN(const Uuid request_id, Uuid::Parse(request.request_id()));
        return methods.Tokenise(call.caller, account_id, FromProto(request.card()), request_id);
      },
      .commit = [&methods](const rpc::Call& call, const v1::CreatePaymentMethodRequest& request,
                           const PaymentMethods::Held& held) -> absl::StatusOr<v1::PaymentMethod> {
        ASSIGN_OR_RETURN(const Uuid account_id, ReadAccountName(request.parent(), "parent"));
        ASSIGN_OR_RETURN(const core::PaymentMethod method, methods.Add(call.caller, account_id, held));
        return ToProto(method, methods.Now());
      },
      .finish = {},
      .secrets = {"card.number", "card.security_code"},
      .check_repeat = [](const rpc::Call&, const v1::CreatePaymentMethodRequest& request,
                         const v1::PaymentMethod& kept) { return CheckSameCard(request.card(), kept); },
  };
}

absl::StatusOr<v1::ListPaymentMethodsResponse> List(PaymentMethods& methods, const crypto::PageTokens& tokens,
                                                    const Caller& caller,
                                                    const v1::ListPaymentMethodsRequest& request) {
  ASSIGN_OR_RETURN(const Uuid account_id, ReadAccountName(request.parent(), "parent"));
  if (request.page_size() < 0) return InvalidField("page_size", "must not be negative");
  const std::string list = absl::StrCat("payment_methods/", account_id.ToString());
  ASSIGN_OR_RETURN(const std::string position, tokens.Read(list, request.page_token()));
  const int size = PageSize(request.page_size());
  ASSIGN_OR_RETURN(std::vector<core::PaymentMethod> page,
                   methods.List(caller, account_id, ReadPosition(position), size + 1));
  v1::ListPaymentMethodsResponse response;
  if (static_cast<int>(page.size()) > size) {
    page.pop_back();
    response.set_next_page_token(tokens.Make(list, WritePosition(page.back().created_at, page.back().id)));
  }
  for (const core::PaymentMethod& method : page)
    *response.add_payment_methods() = ToProto(method, methods.Now());
  return response;
}

}  // namespace

rpc::Service MakePaymentMethodService(PaymentMethods& methods, const crypto::PageTokens& page_tokens) {
  rpc::Service service("perennial.payment_token.v1.PaymentMethodService");
  service.Mutate<v1::CreatePaymentMethodRequest, v1::PaymentMethod, PaymentMethods::Held>(
      "CreatePaymentMethod", rpc::Customers(), Create(methods));
  service.Read<v1::GetPaymentMethodRequest, v1::PaymentMethod>(
      "GetPaymentMethod", rpc::Customers(),
      [&methods](const rpc::Call& call,
                 const v1::GetPaymentMethodRequest& request) -> absl::StatusOr<v1::PaymentMethod> {
        ASSIGN_OR_RETURN(const ChildName name, ReadChildName(request.name(), "paymentMethods", "name"));
        ASSIGN_OR_RETURN(const core::PaymentMethod method,
                         methods.Get(call.caller, name.account_id, name.id));
        return ToProto(method, methods.Now());
      });
  service.Read<v1::ListPaymentMethodsRequest, v1::ListPaymentMethodsResponse>(
      "ListPaymentMethods", rpc::Customers(),
      [&methods, &page_tokens](const rpc::Call& call, const v1::ListPaymentMethodsRequest& request) {
        return List(methods, page_tokens, call.caller, request);
      });
  service.Mutate<v1::DeletePaymentMethodRequest, Empty>(
      "DeletePaymentMethod", rpc::Customers(),
      [&methods](const rpc::Call& call,
                 const v1::DeletePaymentMethodRequest& request) -> absl::StatusOr<Empty> {
        ASSIGN_OR_RETURN(const ChildName name, ReadChildName(request.name(), "paymentMethods", "name"));
        RETURN_IF_ERROR(methods.Remove(call.caller, name.account_id, name.id));
        return Empty();
      });
  return service;
}

}  // namespace perennial::payment_token
