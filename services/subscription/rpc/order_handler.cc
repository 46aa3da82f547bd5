#include "libs/base/error.h"
#include "perennial/subscription/v1/order_service.pb.h"
#include "services/subscription/app/position.h"
#include "services/subscription/rpc/handlers.h"
#include "services/subscription/rpc/paging.h"
#include "services/subscription/rpc/proto_mapping.h"

namespace perennial::subscription {
namespace {

using rpc::Call;

// The field that a refused quote is about: what the core calls a cycle is years of a domain, and so on.
std::string FieldAtFault(const v1::CreateQuoteRequest& request, const absl::Status& refused) {
  if (ReasonOf(refused) == "CURRENCY_NOT_OFFERED") return "currency_code";
  switch (request.item_case()) {
    case v1::CreateQuoteRequest::kPlanPurchase:
      return "plan_purchase.cycle_months";
    case v1::CreateQuoteRequest::kDomainPurchase:
      return "domain_purchase.years";
    case v1::CreateQuoteRequest::kMailboxPurchase:
      return "mailbox_purchase.cycle_months";
    case v1::CreateQuoteRequest::kRenewal:
      return "renewal.cycle_months";
    case v1::CreateQuoteRequest::kUpgrade:
      return "upgrade.plan";
    case v1::CreateQuoteRequest::ITEM_NOT_SET:
      break;
  }
  return "item";
}

absl::StatusOr<v1::Quote> CreateQuote(Quotes& quotes, const Clock& clock, const Call& call,
                                      const v1::CreateQuoteRequest& request) {
  ASSIGN_OR_RETURN(const Uuid account_id, AccountFromProto(request.parent()));
  if (!call.caller.Owns(account_id)) return NotFound("ACCOUNT_NOT_FOUND", "there is no such account");
  ASSIGN_OR_RETURN(const QuoteItem item, FromProto(request, account_id));
  const absl::StatusOr<Quote> quote = quotes.Price(call.caller, account_id, item, request.currency_code());
  if (!quote.ok()) return AtField(quote.status(), FieldAtFault(request, quote.status()));
  return ToProto(*quote, clock.Now());
}

absl::StatusOr<v1::Quote> GetQuote(Quotes& quotes, const Clock& clock, const Call& call,
                                   const v1::GetQuoteRequest& request) {
  ASSIGN_OR_RETURN(const QuoteName name, QuoteNameFromProto(request.name()));
  ASSIGN_OR_RETURN(const Quote quote, quotes.Get(call.caller, name.account_id, name.handle));
  return ToProto(quote, clock.Now());
}

absl::StatusOr<v1::Order> Commit(Orders& orders, const Call& call, const v1::CommitQuoteRequest& request) {
  ASSIGN_OR_RETURN(const QuoteName name, QuoteNameFromProto(request.name()));
  if (!request.payment_method().empty()) {
    ASSIGN_OR_RETURN(const ChildName method,
                     ChildFromProto(request.payment_method(), "paymentMethods", "PAYMENT_METHOD_NOT_FOUND"));
    if (method.account_id != name.account_id)
      return NotFound("PAYMENT_METHOD_NOT_FOUND", "there is no such payment method");
  }
  ASSIGN_OR_RETURN(const core::Order order,
                   orders.Commit(call.caller, name.account_id, name.handle, request.payment_method()));
  return ToProto(order);
}

// What was committed is not undone by a failure here: a worker goes on with the order.
absl::StatusOr<v1::Order> Drive(Orders& orders, const v1::Order& committed) {
  ASSIGN_OR_RETURN(const ChildName name, ChildFromProto(committed.name(), "orders", "ORDER_NOT_FOUND"));
  const absl::StatusOr<core::Order> order = orders.Drive(name.account_id, name.id);
  return order.ok() ? ToProto(*order) : committed;
}

absl::StatusOr<v1::Order> GetOrder(Orders& orders, const Call& call, const v1::GetOrderRequest& request) {
  ASSIGN_OR_RETURN(const ChildName name, ChildFromProto(request.name(), "orders", "ORDER_NOT_FOUND"));
  ASSIGN_OR_RETURN(const core::Order order, orders.Get(call.caller, name.account_id, name.id));
  return ToProto(order);
}

absl::StatusOr<v1::ListOrdersResponse> ListOrders(Orders& orders, const crypto::PageTokens& tokens,
                                                  const Call& call, const v1::ListOrdersRequest& request) {
  OrderPage wanted;
  ASSIGN_OR_RETURN(wanted.account_id, AccountFromProto(request.parent()));
  if (!request.product().empty()) {
    ASSIGN_OR_RETURN(const ChildName product,
                     ChildFromProto(request.product(), "products", "PRODUCT_NOT_FOUND"));
    wanted.product_id = product.id;
  }
  const std::string list = "orders/" + request.parent() + "/" + request.product();
  ASSIGN_OR_RETURN(const PageRequest page, ReadPage(tokens, list, request.page_size(), request.page_token()));
  wanted.after = page.after;
  wanted.limit = page.size + 1;
  ASSIGN_OR_RETURN(std::vector<core::Order> found, orders.List(call.caller, wanted));
  v1::ListOrdersResponse response;
  response.set_next_page_token(EndPage(tokens, list, page, found, [](const core::Order& order) {
    return PositionOf(order.created_at, order.id);
  }));
  for (const core::Order& order : found) *response.add_orders() = ToProto(order);
  return response;
}

}  // namespace

rpc::Service MakeOrderService(Quotes& quotes, Orders& orders, const crypto::PageTokens& tokens,
                              const Clock& clock) {
  rpc::Service service("perennial.subscription.v1.OrderService");
  service.Read<v1::CreateQuoteRequest, v1::Quote>(
      "CreateQuote", rpc::Customers(), [&](const Call& call, const v1::CreateQuoteRequest& request) {
        return CreateQuote(quotes, clock, call, request);
      });
  service.Read<v1::GetQuoteRequest, v1::Quote>("GetQuote", rpc::Customers(),
                                               [&](const Call& call, const v1::GetQuoteRequest& request) {
                                                 return GetQuote(quotes, clock, call, request);
                                               });
  service.Mutate<v1::CommitQuoteRequest, v1::Order>(
      "CommitQuote", rpc::Customers(),
      {.prepare = {},
       .commit = [&](const Call& call, const v1::CommitQuoteRequest& request,
                     const std::monostate&) { return Commit(orders, call, request); },
       .finish = [&](const Call&, const v1::CommitQuoteRequest&, const v1::Order& committed,
                     std::monostate*) { return Drive(orders, committed); }});
  service.Read<v1::GetOrderRequest, v1::Order>(
      "GetOrder", rpc::Customers(),
      [&](const Call& call, const v1::GetOrderRequest& request) { return GetOrder(orders, call, request); });
  service.Read<v1::ListOrdersRequest, v1::ListOrdersResponse>(
      "ListOrders", rpc::Customers(), [&](const Call& call, const v1::ListOrdersRequest& request) {
        return ListOrders(orders, tokens, call, request);
      });
  return service;
}

}  // namespace perennial::subscription
