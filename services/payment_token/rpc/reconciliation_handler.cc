#include "services/payment_token/rpc/reconciliation_handler.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/base/error.h"
#include "libs/rpc/proto_values.h"
#include "perennial/payment_token/v1/reconciliation_service.pb.h"
#include "services/payment_token/rpc/proto_mapping.h"

namespace perennial::payment_token {
namespace {

constexpr int kLargestGatewayPage = 100;  // Stripe's
constexpr int kLargestBatch = 500;

int SizeOf(int32_t asked, int largest) {
  return asked <= 0 ? largest : std::min<int>(asked, largest);
}

absl::StatusOr<MovementKind> FromProto(v1::MovementKind kind) {
  switch (kind) {
    case v1::MOVEMENT_KIND_CAPTURE:
      return MovementKind::kCapture;
    case v1::MOVEMENT_KIND_REFUND:
      return MovementKind::kRefund;
    default:
      return InvalidField("kind", "must be CAPTURE or REFUND");
  }
}

v1::MovementKind ToProto(MovementKind kind) {
  return kind == MovementKind::kCapture ? v1::MOVEMENT_KIND_CAPTURE : v1::MOVEMENT_KIND_REFUND;
}

v1::GatewayMovement ToProto(const GatewayMovement& movement) {
  v1::GatewayMovement proto;
  proto.set_gateway_reference(movement.reference);
  if (movement.id) proto.set_movement_id(movement.id->ToString());
  if (movement.order_id) proto.set_order_id(movement.order_id->ToString());
  *proto.mutable_amount() = rpc::ToProto(movement.amount);
  *proto.mutable_create_time() = rpc::ToProto(movement.created_at);
  return proto;
}

v1::Movement ToProto(const Movement& movement) {
  v1::Movement proto;
  proto.set_kind(ToProto(movement.kind));
  proto.set_movement_id(movement.id.ToString());
  proto.set_order_id(movement.order_id.ToString());
  *proto.mutable_amount() = rpc::ToProto(movement.amount);
  *proto.mutable_succeed_time() = rpc::ToProto(movement.succeeded_at);
  proto.set_settlement_reference(movement.settlement_reference);
  return proto;
}

absl::StatusOr<std::vector<Uuid>> IdsFromProto(const google::protobuf::RepeatedPtrField<std::string>& texts,
                                               const char* field) {
  if (texts.size() > kLargestBatch) return InvalidField(field, "has at most 500");
  std::vector<Uuid> ids;
  for (const std::string& text : texts) {
    const auto id = Uuid::Parse(text);
    if (!id.ok()) return InvalidField(field, "must be UUIDs");
    ids.push_back(*id);
  }
  return ids;
}

// A token holds for the kind and the time that it was given for.
template <typename Request>
std::string ListOf(const char* name, const Request& request) {
  return absl::StrCat(name, "/", request.kind(), "/", request.start_time().seconds(), "/",
                      request.start_time().nanos());
}

absl::StatusOr<v1::ListGatewayMovementsResponse> ListGateway(Movements& movements,
                                                             const crypto::PageTokens& tokens,
                                                             const v1::ListGatewayMovementsRequest& request) {
  ASSIGN_OR_RETURN(const MovementKind kind, FromProto(request.kind()));
  const std::string list = ListOf("gateway_movements", request);
  ASSIGN_OR_RETURN(const std::string after, tokens.Read(list, request.page_token()));
  ASSIGN_OR_RETURN(const absl::Time since, rpc::FromProto(request.start_time(), "start_time"));
  ASSIGN_OR_RETURN(const GatewayPage page,
                   movements.AtGateway(kind, since, after, SizeOf(request.page_size(), kLargestGatewayPage)));
  v1::ListGatewayMovementsResponse response;
  for (const GatewayMovement& movement : page.movements) *response.add_movements() = ToProto(movement);
  if (!page.next.empty()) response.set_next_page_token(tokens.Make(list, page.next));
  if (page.oldest_undecided) *response.mutable_oldest_undecided_time() = rpc::ToProto(*page.oldest_undecided);
  return response;
}

absl::StatusOr<v1::ListMovementsResponse> List(Movements& movements, const crypto::PageTokens& tokens,
                                               const v1::ListMovementsRequest& request) {
  ASSIGN_OR_RETURN(const MovementKind kind, FromProto(request.kind()));
  const std::string list = ListOf("movements", request);
  ASSIGN_OR_RETURN(const std::string position, tokens.Read(list, request.page_token()));
  const int size = SizeOf(request.page_size(), kLargestBatch);
  ASSIGN_OR_RETURN(const absl::Time since, rpc::FromProto(request.start_time(), "start_time"));
  const PagePosition after = ReadPosition(position).value_or(PagePosition{since, Uuid()});
  ASSIGN_OR_RETURN(std::vector<Movement> page, movements.Ours(kind, after, size + 1));
  v1::ListMovementsResponse response;
  if (static_cast<int>(page.size()) > size) {
    page.pop_back();
    response.set_next_page_token(tokens.Make(list, WritePosition(page.back().succeeded_at, page.back().id)));
  }
  for (const Movement& movement : page) *response.add_movements() = ToProto(movement);
  return response;
}

absl::StatusOr<v1::BatchGetMovementsResponse> BatchGet(Movements& movements,
                                                       const v1::BatchGetMovementsRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<Uuid> charges, IdsFromProto(request.charge_ids(), "charge_ids"));
  ASSIGN_OR_RETURN(const std::vector<Uuid> refunds, IdsFromProto(request.refund_ids(), "refund_ids"));
  ASSIGN_OR_RETURN(const std::vector<Movement> found, movements.Find(charges, refunds));
  v1::BatchGetMovementsResponse response;
  for (const Movement& movement : found) *response.add_movements() = ToProto(movement);
  return response;
}

}  // namespace

rpc::Service MakeReconciliationService(Movements& movements, const crypto::PageTokens& page_tokens) {
  const rpc::Access access = rpc::Services({"billing"});
  rpc::Service service("perennial.payment_token.v1.ReconciliationService");
  service.Read<v1::ListGatewayMovementsRequest, v1::ListGatewayMovementsResponse>(
      "ListGatewayMovements", access, [&](const rpc::Call&, const v1::ListGatewayMovementsRequest& request) {
        return ListGateway(movements, page_tokens, request);
      });
  service.Read<v1::ListMovementsRequest, v1::ListMovementsResponse>(
      "ListMovements", access, [&](const rpc::Call&, const v1::ListMovementsRequest& request) {
        return List(movements, page_tokens, request);
      });
  service.Read<v1::BatchGetMovementsRequest, v1::BatchGetMovementsResponse>(
      "BatchGetMovements", access, [&](const rpc::Call&, const v1::BatchGetMovementsRequest& request) {
        return BatchGet(movements, request);
      });
  return service;
}

}  // namespace perennial::payment_token
