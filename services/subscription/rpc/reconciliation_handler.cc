#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/base/error.h"
#include "libs/rpc/proto_values.h"
#include "perennial/subscription/v1/reconciliation_service.pb.h"
#include "services/subscription/app/position.h"
#include "services/subscription/rpc/handlers.h"

namespace perennial::subscription {
namespace {

constexpr int kLargestBatch = 500;

v1::PaidOrderState ToProto(PaidOrderState state) {
  switch (state) {
    case PaidOrderState::kOpen:
      return v1::PAID_ORDER_STATE_OPEN;
    case PaidOrderState::kApplied:
      return v1::PAID_ORDER_STATE_APPLIED;
    case PaidOrderState::kRefunded:
      return v1::PAID_ORDER_STATE_REFUNDED;
    case PaidOrderState::kFailed:
      return v1::PAID_ORDER_STATE_FAILED;
  }
  std::abort();
}

v1::PaidOrder ToProto(const PaidOrder& order) {
  v1::PaidOrder proto;
  proto.set_order_id(order.id.ToString());
  if (order.charge_id) proto.set_charge_id(order.charge_id->ToString());
  if (order.total) *proto.mutable_total() = rpc::ToProto(*order.total);
  proto.set_state(ToProto(order.state));
  proto.set_has_term(order.has_term);
  *proto.mutable_update_time() = rpc::ToProto(order.updated_at);
  return proto;
}

absl::StatusOr<v1::ListPaidOrdersResponse> List(PaidOrders& orders, const crypto::PageTokens& tokens,
                                                const v1::ListPaidOrdersRequest& request) {
  ASSIGN_OR_RETURN(const absl::Time since, rpc::FromProto(request.start_time(), "start_time"));
  // A token holds for the time that it was given for.
  const std::string list = absl::StrCat("paid_orders/", absl::ToUnixMicros(since));
  ASSIGN_OR_RETURN(const std::string after, tokens.Read(list, request.page_token()));
  const int size =
      request.page_size() <= 0 ? kLargestBatch : std::min<int>(request.page_size(), kLargestBatch);
  ASSIGN_OR_RETURN(std::vector<PaidOrder> page, orders.List(since, after, size + 1));
  v1::ListPaidOrdersResponse response;
  if (static_cast<int>(page.size()) > size) {
    page.pop_back();
    response.set_next_page_token(tokens.Make(list, PositionOf(page.back().updated_at, page.back().id)));
  }
  for (const PaidOrder& order : page) *response.add_orders() = ToProto(order);
  return response;
}

absl::StatusOr<v1::BatchGetPaidOrdersResponse> BatchGet(PaidOrders& orders,
                                                        const v1::BatchGetPaidOrdersRequest& request) {
  if (request.order_ids_size() > kLargestBatch) return InvalidField("order_ids", "has at most 500");
  std::vector<Uuid> ids;
  for (const std::string& text : request.order_ids()) {
    const auto id = Uuid::Parse(text);
    if (!id.ok()) return InvalidField("order_ids", "must be UUIDs");
    ids.push_back(*id);
  }
  ASSIGN_OR_RETURN(const std::vector<PaidOrder> found, orders.Find(ids));
  v1::BatchGetPaidOrdersResponse response;
  for (const PaidOrder& order : found) *response.add_orders() = ToProto(order);
  return response;
}

}  // namespace

rpc::Service MakeReconciliationService(PaidOrders& orders, const crypto::PageTokens& tokens) {
  const rpc::Access access = rpc::Services({"billing"});
  rpc::Service service("perennial.subscription.v1.ReconciliationService");
  service.Read<v1::ListPaidOrdersRequest, v1::ListPaidOrdersResponse>(
      "ListPaidOrders", access, [&](const rpc::Call&, const v1::ListPaidOrdersRequest& request) {
        return List(orders, tokens, request);
      });
  service.Read<v1::BatchGetPaidOrdersRequest, v1::BatchGetPaidOrdersResponse>(
      "BatchGetPaidOrders", access, [&](const rpc::Call&, const v1::BatchGetPaidOrdersRequest& request) {
        return BatchGet(orders, request);
      });
  return service;
}

}  // namespace perennial::subscription
