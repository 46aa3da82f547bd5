#pragma once

#include <string>
#include <utility>

#include "libs/pg/database.h"
#include "services/subscription/app/ports.h"

namespace perennial::subscription {

class PostgresQuoteStore final : public QuoteStore {
 public:
  // `secret_key`: crypto::kKeyBytes, the same in all processes of the service.
  PostgresQuoteStore(pg::Database& database, std::string secret_key)
      : database_(database), secret_key_(std::move(secret_key)) {}

  std::string Seal(const Quote& quote) override;
  absl::StatusOr<std::optional<Quote>> Find(const Uuid& account_id, const std::string& handle) override;
  absl::StatusOr<bool> Consume(const Quote& quote, const Uuid& order_id) override;
  absl::StatusOr<int> Purge(absl::Time expired_before) override;

 private:
  absl::StatusOr<std::optional<Quote>> FindStored(const Uuid& account_id, const Uuid& id);

  pg::Database& database_;
  const std::string secret_key_;
};

}  // namespace perennial::subscription
