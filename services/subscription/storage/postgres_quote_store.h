#pragma once

#include "libs/pg/database.h"
#include "services/subscription/app/ports.h"

namespace perennial::subscription {

class PostgresQuoteStore final : public QuoteStore {
 public:
  explicit PostgresQuoteStore(pg::Database& database) : database_(database) {}

  absl::Status Insert(const Quote& quote) override;
  absl::StatusOr<std::optional<Quote>> Find(const Uuid& account_id, const Uuid& id) override;
  absl::StatusOr<std::optional<Quote>> Lock(const Uuid& account_id, const Uuid& id) override;
  absl::Status Consume(const Uuid& id, const Uuid& order_id) override;
  absl::StatusOr<int> Purge(absl::Time expired_before) override;

 private:
  pg::Database& database_;
};

}  // namespace perennial::subscription
