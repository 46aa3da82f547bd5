#pragma once

#include <string>

#include "libs/pg/database.h"
#include "services/subscription/app/ports.h"

namespace perennial::subscription {

class PostgresQuoteStore final : public QuoteStore {
 public:
  PostgresQuoteStore(pg::Database& database, std::string secret_key)
      : database_(database), secret_key_(std::move(secret_key)) {}

  absl::Status Insert(const Quote& quote) override;
  absl::StatusOr<std::optional<Quote>> Find(const Uuid& account_id, const Uuid& id) override;
  absl::StatusOr<std::optional<Quote>> Lock(const Uuid& account_id, const Uuid& id) override;
  absl::Status Consume(const Quote& quote, const Uuid& order_id) override;
  absl::StatusOr<int> Purge(absl::Time expired_before) override;

 private:
  pg::Database& database_;
  const std::string secret_key_;
};

}  // namespace perennial::subscription
