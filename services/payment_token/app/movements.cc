#include "services/payment_token/app/movements.h"

#include "libs/base/error.h"

namespace perennial::payment_token {
namespace {

// A row carries the time of before its transaction, and none lasts so long: what is older is all there.
constexpr absl::Duration kLatestCommit = absl::Minutes(1);

}  // namespace

absl::StatusOr<GatewayPage> Movements::AtGateway(MovementKind kind, absl::Time since,
                                                 const std::string& after, int limit) {
  ListingOutcome outcome = gateway_.ListMovements(kind, since, after, limit);
  if (auto* page = std::get_if<GatewayPage>(&outcome)) return std::move(*page);
  return Unavailable("GATEWAY_UNAVAILABLE", "the payment gateway does not answer");
}

absl::StatusOr<std::vector<Movement>> Movements::Ours(MovementKind kind, const PagePosition& after,
                                                      int limit) {
  return store_.List(kind, after, clock_.Now() - kLatestCommit, limit);
}

}  // namespace perennial::payment_token
