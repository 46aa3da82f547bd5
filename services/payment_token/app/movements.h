#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "services/payment_token/app/ports.h"

namespace perennial::payment_token {

// Money that really moved, as the gateway says and as we say, for billing to compare.
class Movements {
 public:
  Movements(MovementStore& store, PaymentGateway& gateway, const Clock& clock)
      : store_(store), gateway_(gateway), clock_(clock) {}

  // GATEWAY_UNAVAILABLE.
  absl::StatusOr<GatewayPage> AtGateway(MovementKind kind, absl::Time since, const std::string& after,
                                        int limit);
  // After the position `after`, but for those of the last minute.
  absl::StatusOr<std::vector<Movement>> Ours(MovementKind kind, const PagePosition& after, int limit);
  absl::StatusOr<std::vector<Movement>> Find(const std::vector<Uuid>& charge_ids,
                                             const std::vector<Uuid>& refund_ids) {
    return store_.Find(charge_ids, refund_ids);
  }

 private:
  MovementStore& store_;
  PaymentGateway& gateway_;
  const Clock& clock_;
};

}  // namespace perennial::payment_token
