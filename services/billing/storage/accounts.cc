#include "services/billing/storage/accounts.h"

#include "absl/strings/str_cat.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/keyed_hash.h"

namespace perennial::billing {

Uuid TraceOf(const std::string& secret_key, const Uuid& account_id) {
  return Uuid::Derive(account_id,
                      crypto::KeyedHash(secret_key, absl::StrCat("deleted_account/", account_id.ToString())));
}

absl::Status AccountDeleted() {
  return Precondition("ACCOUNT_DELETED", "the account was deleted");
}

absl::Status LockAccount(pg::Database& database, const Uuid& account_id) {
  // Advisory locks are the whole database's: the name keeps ours apart from those of others.
  return database.Execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
                          absl::StrCat("billing/accounts/", account_id.ToString()));
}

absl::Status LockLivingAccount(pg::Database& database, const std::string& secret_key,
                               const Uuid& account_id) {
  RETURN_IF_ERROR(LockAccount(database, account_id));
  ASSIGN_OR_RETURN(const pg::Rows deleted,
                   database.Query("SELECT 1 AS found FROM deleted_account WHERE trace = $1",
                                  TraceOf(secret_key, account_id)));
  return deleted.empty() ? absl::OkStatus() : AccountDeleted();
}

absl::Status MarkAccountDeleted(pg::Database& database, const std::string& secret_key, const Uuid& account_id,
                                absl::Time now) {
  return database.Execute(
      "INSERT INTO deleted_account (trace, deleted_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
      TraceOf(secret_key, account_id), now);
}

}  // namespace perennial::billing
