#pragma once

#include <string>

#include "libs/pg/database.h"
#include "services/subscription/app/ports.h"

namespace perennial::subscription {

class PostgresTaxPositionStore final : public TaxPositionStore {
 public:
  PostgresTaxPositionStore(pg::Database& database, std::string secret_key)
      : database_(database), secret_key_(std::move(secret_key)) {}

  absl::StatusOr<std::optional<TaxPosition>> Find(const Uuid& account_id) override;
  absl::StatusOr<WithProduct> FindWithProduct(const Uuid& account_id, const Uuid& product_id) override;
  absl::Status Keep(const Uuid& account_id, const TaxPosition& told) override;
  absl::Status Outdate(const Uuid& account_id, int64_t revision) override;
  absl::Status Doubt(const Uuid& account_id) override;

 private:
  pg::Database& database_;
  const std::string secret_key_;
};

}  // namespace perennial::subscription
