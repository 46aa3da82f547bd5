#pragma once

#include <string>

#include "libs/events/outbox.h"
#include "libs/pg/database.h"
#include "services/subscription/app/ports.h"

namespace perennial::subscription {

// What is left of an account when it is deleted: an id that tells nobody without the key which account it
// was.
Uuid PseudonymOf(const std::string& secret_key, const Uuid& account_id);

// Until the end of the transaction; a purge waits for it, and it for a purge. What a statement that follows
// sees includes what that purge committed.
absl::Status KeepPurgeOut(pg::Database& database, const Uuid& account_id);

class PostgresDeletionStore final : public DeletionStore {
 public:
  PostgresDeletionStore(pg::Database& database, events::Outbox& outbox, std::string secret_key)
      : database_(database), outbox_(outbox), secret_key_(std::move(secret_key)) {}

  absl::Status Enter(const Uuid& account_id) override;
  absl::Status MarkDeleted(const Uuid& account_id, absl::Time now) override;
  absl::StatusOr<std::vector<Uuid>> Pending(absl::Time now, int limit) override;
  absl::Status LookAgain(const Uuid& account_id, absl::Time at) override;
  absl::StatusOr<std::vector<Uuid>> ProductIds(const Uuid& account_id) override;
  absl::StatusOr<bool> Purge(const Uuid& account_id, const std::vector<Event>& events) override;

  // All rows of the account as one JSON object (R7).
  absl::StatusOr<std::string> Export(const Uuid& account_id);

 private:
  absl::Status DropRows(const Uuid& account_id);

  pg::Database& database_;
  events::Outbox& outbox_;
  const std::string secret_key_;
};

}  // namespace perennial::subscription
