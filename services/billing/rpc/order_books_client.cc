#include "services/billing/rpc/order_books_client.h"

#include "absl/strings/str_cat.h"
#include "libs/rpc/proto_values.h"
#include "perennial/subscription/v1/reconciliation_service.pb.h"

namespace perennial::billing {
namespace {

namespace order_v1 = subscription::v1;

std::string Method(const char* name) {
  return absl::StrCat("perennial.subscription.v1.ReconciliationService/", name);
}

absl::StatusOr<core::OrderStanding> FromProto(order_v1::PaidOrderState state) {
  switch (state) {
    case order_v1::PAID_ORDER_STATE_OPEN:
      return core::OrderStanding::kOpen;
    case order_v1::PAID_ORDER_STATE_APPLIED:
      return core::OrderStanding::kApplied;
    case order_v1::PAID_ORDER_STATE_REFUNDED:
      return core::OrderStanding::kRefunded;
    case order_v1::PAID_ORDER_STATE_FAILED:
      return core::OrderStanding::kFailed;
    default:
      return absl::InternalError("subscription answered with a state of an order that is not known here");
  }
}

absl::StatusOr<OrderSide> FromProto(const order_v1::PaidOrder& proto) {
  OrderSide side;
  ASSIGN_OR_RETURN(side.order_id, Uuid::Parse(proto.order_id()));
  if (!proto.charge_id().empty()) {
    ASSIGN_OR_RETURN(side.charge_id, Uuid::Parse(proto.charge_id()));
  }
  if (proto.has_total()) {
    ASSIGN_OR_RETURN(side.total, rpc::FromProto(proto.total(), "total"));
  }
  ASSIGN_OR_RETURN(side.standing, FromProto(proto.state()));
  side.has_term = proto.has_term();
  side.time = rpc::FromProto(proto.update_time());
  return side;
}

}  // namespace

absl::StatusOr<PageOf<OrderSide>> OrderBooksClient::Paid(absl::Time since, const std::string& page_token) {
  order_v1::ListPaidOrdersRequest request;
  *request.mutable_start_time() = rpc::ToProto(since);
  request.set_page_token(page_token);
  ASSIGN_OR_RETURN(const auto response,
                   peer_.Call<order_v1::ListPaidOrdersResponse>(Method("ListPaidOrders"), request));
  PageOf<OrderSide> page;
  for (const order_v1::PaidOrder& proto : response.orders()) {
    ASSIGN_OR_RETURN(const OrderSide side, FromProto(proto));
    page.sides.push_back(side);
  }
  page.next = response.next_page_token();
  return page;
}

absl::StatusOr<std::vector<OrderSide>> OrderBooksClient::Find(const std::vector<Uuid>& order_ids) {
  order_v1::BatchGetPaidOrdersRequest request;
  for (const Uuid& id : order_ids) request.add_order_ids(id.ToString());
  ASSIGN_OR_RETURN(const auto response,
                   peer_.Call<order_v1::BatchGetPaidOrdersResponse>(Method("BatchGetPaidOrders"), request));
  std::vector<OrderSide> sides;
  for (const order_v1::PaidOrder& proto : response.orders()) {
    ASSIGN_OR_RETURN(const OrderSide side, FromProto(proto));
    sides.push_back(side);
  }
  return sides;
}

}  // namespace perennial::billing
