#pragma once

#include "libs/pg/database.h"
#include "services/account/app/ports.h"

namespace perennial::account {

class PostgresAccessLog final : public AccessLog {
 public:
  explicit PostgresAccessLog(pg::Database& database) : database_(database) {}

  absl::Status Add(const core::AccessLogEntry& entry) override;
  absl::Status AddForEmail(const std::string& email_key, const core::AccessLogEntry& entry) override;
  absl::StatusOr<Page<core::AccessLogEntry>> List(const Uuid& account_id, const PageRequest& page) override;
  absl::StatusOr<int> Purge(absl::Time now) override;

 private:
  pg::Database& database_;
};

}  // namespace perennial::account
