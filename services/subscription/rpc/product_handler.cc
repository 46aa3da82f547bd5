#include "absl/strings/str_cat.h"
#include "libs/base/error.h"
#include "perennial/subscription/v1/product_service.pb.h"
#include "services/subscription/app/position.h"
#include "services/subscription/rpc/handlers.h"
#include "services/subscription/rpc/paging.h"
#include "services/subscription/rpc/proto_mapping.h"

namespace perennial::subscription {
namespace {

using rpc::Call;

std::string PositionOfTerm(const TermRow& row) {
  return absl::StrCat(FormatDate(row.term.start), "/", PositionOf(row.term.created_at, row.term.id));
}

std::string PositionOfProduct(const ProductView& view) {
  const core::Product& product = view.aggregate.product;
  return PositionOf(product.start ? std::optional(core::ExpiryOf(product)) : std::nullopt, product.id);
}

absl::StatusOr<v1::Product> Get(Products& products, const Call& call, const v1::GetProductRequest& request) {
  ASSIGN_OR_RETURN(const ChildName name, ChildFromProto(request.name(), "products", "PRODUCT_NOT_FOUND"));
  ASSIGN_OR_RETURN(const ProductView view, products.Get(call.caller, name.account_id, name.id));
  return ToProto(view);
}

absl::StatusOr<v1::ListProductsResponse> List(Products& products, const crypto::PageTokens& tokens,
                                              const Call& call, const v1::ListProductsRequest& request) {
  ASSIGN_OR_RETURN(const Uuid account_id, AccountFromProto(request.parent()));
  ASSIGN_OR_RETURN(const ProductFilter filter, FromProto(request));
  v1::ListProductsRequest shape = request;  // what the token belongs to: parent, filter and order
  shape.clear_page_size();
  shape.clear_page_token();
  const std::string list = "products/" + shape.SerializeAsString();
  ASSIGN_OR_RETURN(const PageRequest page, ReadPage(tokens, list, request.page_size(), request.page_token()));
  ASSIGN_OR_RETURN(std::vector<ProductView> views,
                   products.List(call.caller, account_id, filter, page.after, page.size + 1));
  v1::ListProductsResponse response;
  response.set_next_page_token(EndPage(tokens, list, page, views, PositionOfProduct));
  for (const ProductView& view : views) *response.add_products() = ToProto(view);
  return response;
}

absl::StatusOr<std::string> PrepareUpdate(Products& products, const Call& call,
                                          const v1::UpdateProductRequest&) {
  return products.DefaultMethod(call.caller.account_id);
}

absl::StatusOr<v1::Product> Update(Products& products, const Call& call,
                                   const v1::UpdateProductRequest& request,
                                   const std::string& payment_method) {
  ASSIGN_OR_RETURN(const ChildName name,
                   ChildFromProto(request.product().name(), "products", "PRODUCT_NOT_FOUND"));
  ASSIGN_OR_RETURN(const core::ProductSettings settings, FromProto(request));
  const absl::StatusOr<ProductView> view = products.Update(
      call.caller, name.account_id, name.id, request.product().etag(), settings, payment_method);
  if (!view.ok()) return AtField(view.status(), "product.next_cycle_months");
  return ToProto(*view);
}

absl::StatusOr<v1::ListTermsResponse> ListTerms(Products& products, const crypto::PageTokens& tokens,
                                                const Call& call, const v1::ListTermsRequest& request) {
  ASSIGN_OR_RETURN(const ChildName name, ChildFromProto(request.parent(), "products", "PRODUCT_NOT_FOUND"));
  const std::string list = "terms/" + request.parent();
  ASSIGN_OR_RETURN(const PageRequest page, ReadPage(tokens, list, request.page_size(), request.page_token()));
  ASSIGN_OR_RETURN(std::vector<TermRow> rows,
                   products.Terms(call.caller, name.account_id, name.id, page.after, page.size + 1));
  v1::ListTermsResponse response;
  response.set_next_page_token(EndPage(tokens, list, page, rows, PositionOfTerm));
  for (const TermRow& row : rows) *response.add_terms() = ToProto(row);
  return response;
}

}  // namespace

rpc::Service MakeProductService(Products& products, const crypto::PageTokens& tokens) {
  rpc::Service service("perennial.subscription.v1.ProductService");
  service.Read<v1::GetProductRequest, v1::Product>(
      "GetProduct", rpc::Customers(),
      [&](const Call& call, const v1::GetProductRequest& request) { return Get(products, call, request); });
  service.Read<v1::ListProductsRequest, v1::ListProductsResponse>(
      "ListProducts", rpc::Customers(), [&](const Call& call, const v1::ListProductsRequest& request) {
        return List(products, tokens, call, request);
      });
  // Which method would be charged is asked before the transaction: no row is locked while a peer thinks.
  service.Mutate<v1::UpdateProductRequest, v1::Product, std::string>(
      "UpdateProduct", rpc::Customers(),
      {.prepare =
           [&](const Call& call, const v1::UpdateProductRequest& request) {
             return PrepareUpdate(products, call, request);
           },
       .commit = [&](const Call& call, const v1::UpdateProductRequest& request,
                     const std::string& method) { return Update(products, call, request, method); },
       .finish = {}});
  service.Read<v1::ListTermsRequest, v1::ListTermsResponse>(
      "ListTerms", rpc::Customers(), [&](const Call& call, const v1::ListTermsRequest& request) {
        return ListTerms(products, tokens, call, request);
      });
  return service;
}

}  // namespace perennial::subscription
