#pragma once

#include "libs/pg/database.h"
#include "services/account/app/ports.h"

namespace perennial::account {

class PostgresSignInThrottle final : public SignInThrottle {
 public:
  explicit PostgresSignInThrottle(pg::Database& database) : database_(database) {}

  absl::StatusOr<std::optional<absl::Time>> Begin(const std::string& key, absl::Time now,
                                                  int free_failures) override;
  absl::StatusOr<std::optional<absl::Time>> PausedUntil(const std::string& key, absl::Time now) override;
  absl::Status Clear(const std::string& key) override;
  absl::StatusOr<int> Purge(absl::Time now) override;

 private:
  pg::Database& database_;
};

}  // namespace perennial::account
