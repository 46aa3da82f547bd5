#include "services/billing/rpc/money_books_client.h"

#include "absl/strings/str_cat.h"
#include "libs/rpc/proto_values.h"
#include "perennial/payment_token/v1/reconciliation_service.pb.h"

namespace perennial::billing {
namespace {

namespace money_v1 = payment_token::v1;
using core::MovementKind;

std::string Method(const char* name) {
  return absl::StrCat("perennial.payment_token.v1.ReconciliationService/", name);
}

money_v1::MovementKind ToProto(MovementKind kind) {
  return kind == MovementKind::kCapture ? money_v1::MOVEMENT_KIND_CAPTURE : money_v1::MOVEMENT_KIND_REFUND;
}

std::optional<Uuid> IdFrom(const std::string& text) {
  const auto id = Uuid::Parse(text);
  return id.ok() ? std::optional(*id) : std::nullopt;
}

// A side that cannot be read must not pass for one that is missing.
absl::StatusOr<ChargeSide> FromProto(const money_v1::Movement& proto) {
  ChargeSide side;
  side.kind = proto.kind() == money_v1::MOVEMENT_KIND_REFUND ? MovementKind::kRefund : MovementKind::kCapture;
  ASSIGN_OR_RETURN(side.id, Uuid::Parse(proto.movement_id()));
  ASSIGN_OR_RETURN(side.order_id, Uuid::Parse(proto.order_id()));
  ASSIGN_OR_RETURN(side.amount, rpc::FromProto(proto.amount(), "amount"));
  side.time = rpc::FromProto(proto.succeed_time());
  side.settlement_reference = proto.settlement_reference();
  return side;
}

}  // namespace

absl::StatusOr<PageOf<GatewaySide>> MoneyBooksClient::AtGateway(MovementKind kind, absl::Time since,
                                                                const std::string& page_token) {
  money_v1::ListGatewayMovementsRequest request;
  request.set_kind(ToProto(kind));
  *request.mutable_start_time() = rpc::ToProto(since);
  request.set_page_token(page_token);
  ASSIGN_OR_RETURN(const auto response, peer_.Call<money_v1::ListGatewayMovementsResponse>(
                                            Method("ListGatewayMovements"), request));
  PageOf<GatewaySide> page;
  for (const money_v1::GatewayMovement& proto : response.movements()) {
    GatewaySide side;
    side.reference = proto.gateway_reference();
    side.id = IdFrom(proto.movement_id());
    side.order_id = IdFrom(proto.order_id());
    ASSIGN_OR_RETURN(side.amount, rpc::FromProto(proto.amount(), "amount"));
    side.time = rpc::FromProto(proto.create_time());
    page.sides.push_back(std::move(side));
  }
  page.next = response.next_page_token();
  if (response.has_oldest_undecided_time())
    page.oldest_undecided = rpc::FromProto(response.oldest_undecided_time());
  return page;
}

absl::StatusOr<PageOf<ChargeSide>> MoneyBooksClient::Succeeded(MovementKind kind, absl::Time since,
                                                               const std::string& page_token) {
  money_v1::ListMovementsRequest request;
  request.set_kind(ToProto(kind));
  *request.mutable_start_time() = rpc::ToProto(since);
  request.set_page_token(page_token);
  ASSIGN_OR_RETURN(const auto response,
                   peer_.Call<money_v1::ListMovementsResponse>(Method("ListMovements"), request));
  PageOf<ChargeSide> page;
  for (const money_v1::Movement& proto : response.movements()) {
    ASSIGN_OR_RETURN(const ChargeSide side, FromProto(proto));
    page.sides.push_back(side);
  }
  page.next = response.next_page_token();
  return page;
}

absl::StatusOr<std::vector<ChargeSide>> MoneyBooksClient::Find(const std::vector<Uuid>& charge_ids,
                                                               const std::vector<Uuid>& refund_ids) {
  money_v1::BatchGetMovementsRequest request;
  for (const Uuid& id : charge_ids) request.add_charge_ids(id.ToString());
  for (const Uuid& id : refund_ids) request.add_refund_ids(id.ToString());
  ASSIGN_OR_RETURN(const auto response,
                   peer_.Call<money_v1::BatchGetMovementsResponse>(Method("BatchGetMovements"), request));
  std::vector<ChargeSide> sides;
  for (const money_v1::Movement& proto : response.movements()) {
    ASSIGN_OR_RETURN(const ChargeSide side, FromProto(proto));
    sides.push_back(side);
  }
  return sides;
}

}  // namespace perennial::billing
