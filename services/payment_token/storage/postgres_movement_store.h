#pragma once

#include "libs/pg/database.h"
#include "services/payment_token/app/ports.h"

namespace perennial::payment_token {

class PostgresMovementStore final : public MovementStore {
 public:
  explicit PostgresMovementStore(pg::Database& database) : database_(database) {}

  absl::StatusOr<std::vector<Movement>> List(MovementKind kind, const PagePosition& after, absl::Time before,
                                             int limit) override;
  absl::StatusOr<std::vector<Movement>> Find(const std::vector<Uuid>& charge_ids,
                                             const std::vector<Uuid>& refund_ids) override;

 private:
  pg::Database& database_;
};

}  // namespace perennial::payment_token
