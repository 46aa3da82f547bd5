#pragma once

#include "libs/pg/database.h"
#include "services/account/app/ports.h"

namespace perennial::account {

class PostgresSessionStore final : public SessionStore {
 public:
  explicit PostgresSessionStore(pg::Database& database) : database_(database) {}

  absl::Status Insert(const core::Session& session, const Uuid& request_id) override;
  absl::StatusOr<std::optional<core::Session>> FindByToken(const std::string& digest) override;
  absl::StatusOr<std::optional<core::Session>> LockByToken(const std::string& digest) override;
  absl::Status SaveRefresh(const core::Session& session, const Uuid& request_id) override;
  absl::StatusOr<Page<core::Session>> List(const Uuid& account_id, const PageRequest& page,
                                           absl::Time now) override;
  absl::StatusOr<bool> End(const Uuid& account_id, const Uuid& session_id, absl::Time now) override;
  absl::StatusOr<int> EndOthers(const Uuid& account_id, const Uuid& kept_session_id, absl::Time now) override;
  absl::StatusOr<int> Purge(absl::Time now) override;

 private:
  absl::Status Remember(const core::Session& session, const Uuid& request_id);

  pg::Database& database_;
};

}  // namespace perennial::account
