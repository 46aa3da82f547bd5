#pragma once

#include "libs/events/outbox.h"
#include "libs/pg/database.h"
#include "services/account/app/ports.h"

namespace perennial::account {

class PostgresAccountStore final : public AccountStore {
 public:
  PostgresAccountStore(pg::Database& database, events::Outbox& outbox)
      : database_(database), outbox_(outbox) {}

  absl::StatusOr<bool> Insert(const core::Account& account, const Uuid& request_id,
                              const std::vector<Event>& events) override;
  absl::StatusOr<std::optional<core::Account>> FindByEmail(const std::string& email_key) override;
  absl::StatusOr<std::optional<core::Account>> FindBySession(const Uuid& account_id, const Uuid& session_id,
                                                             absl::Time now) override;
  absl::StatusOr<std::vector<core::Account>> FindAll(const std::vector<Uuid>& ids) override;
  absl::StatusOr<std::optional<core::Account>> Lock(const Uuid& id) override;
  absl::StatusOr<std::map<Uuid, core::Account>> LockAll(const std::vector<Uuid>& ids) override;
  absl::Status Save(const core::Account& account, const std::vector<Event>& events) override;
  absl::Status Erase(const core::Account& tombstone, const std::string& throttle_key,
                     const std::vector<Event>& events) override;

 private:
  absl::Status ForgetAnswers(const Uuid& account_id);

  pg::Database& database_;
  events::Outbox& outbox_;
};

}  // namespace perennial::account
