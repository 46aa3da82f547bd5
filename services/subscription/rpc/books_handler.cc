#include "perennial/subscription/v1/order_books_service.pb.h"
#include "perennial/subscription/v1/personal_data_service.pb.h"
#include "services/subscription/app/ownership.h"
#include "services/subscription/app/position.h"
#include "services/subscription/rpc/handlers.h"
#include "services/subscription/rpc/paging.h"
#include "services/subscription/rpc/proto_mapping.h"

namespace perennial::subscription {
namespace {

using rpc::Call;

absl::StatusOr<v1::ListOrderBooksResponse> ListOrders(ProductStore& products,
                                                      const crypto::PageTokens& tokens,
                                                      const v1::ListOrderBooksRequest& request) {
  ASSIGN_OR_RETURN(const PageRequest page,
                   ReadPage(tokens, "order_books", request.page_size(), request.page_token()));
  ASSIGN_OR_RETURN(std::vector<core::Order> orders,
                   products.Orders({.after = page.after, .limit = page.size + 1}));
  v1::ListOrderBooksResponse response;
  response.set_next_page_token(EndPage(tokens, "order_books", page, orders, [](const core::Order& order) {
    return PositionOf(order.created_at, order.id);
  }));
  for (const core::Order& order : orders) *response.add_orders() = ToProto(order);
  return response;
}

absl::StatusOr<v1::ListTermBooksResponse> ListTerms(ProductStore& products, const crypto::PageTokens& tokens,
                                                    const v1::ListTermBooksRequest& request) {
  ASSIGN_OR_RETURN(const PageRequest page,
                   ReadPage(tokens, "term_books", request.page_size(), request.page_token()));
  ASSIGN_OR_RETURN(std::vector<TermRow> rows, products.Terms(std::nullopt, page.after, page.size + 1));
  v1::ListTermBooksResponse response;
  response.set_next_page_token(EndPage(tokens, "term_books", page, rows, [](const TermRow& row) {
    return PositionOf(row.term.created_at, row.term.id);
  }));
  for (const TermRow& row : rows) *response.add_terms() = ToProto(row);
  return response;
}

}  // namespace

rpc::Service MakeOrderBooksService(ProductStore& products, const crypto::PageTokens& tokens) {
  rpc::Service service("perennial.subscription.v1.OrderBooksService");
  service.Read<v1::ListOrderBooksRequest, v1::ListOrderBooksResponse>(
      "ListOrderBooks", rpc::Operators(), [&](const Call&, const v1::ListOrderBooksRequest& request) {
        return ListOrders(products, tokens, request);
      });
  service.Read<v1::ListTermBooksRequest, v1::ListTermBooksResponse>(
      "ListTermBooks", rpc::Operators(), [&](const Call&, const v1::ListTermBooksRequest& request) {
        return ListTerms(products, tokens, request);
      });
  return service;
}

rpc::Service MakePersonalDataService(ExportAccount export_account) {
  rpc::Service service("perennial.subscription.v1.PersonalDataService");
  service.Read<v1::ExportPersonalDataRequest, v1::ExportPersonalDataResponse>(
      "ExportPersonalData", rpc::Customers(),
      [export_account = std::move(export_account)](
          const Call& call,
          const v1::ExportPersonalDataRequest& request) -> absl::StatusOr<v1::ExportPersonalDataResponse> {
        ASSIGN_OR_RETURN(const Uuid account_id, AccountFromProto(request.name()));
        RETURN_IF_ERROR(RequireOwner(call.caller, account_id, "ACCOUNT_NOT_FOUND"));
        ASSIGN_OR_RETURN(std::string document, export_account(account_id));
        v1::ExportPersonalDataResponse response;
        response.set_json_document(std::move(document));
        return response;
      });
  return service;
}

}  // namespace perennial::subscription
