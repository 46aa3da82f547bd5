#include "services/billing/storage/accounts.h"

#include "absl/strings/str_cat.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/keyed_hash.h"

namespace perennial::billing {
namespace {

// Advisory locks are the whole database's: the name keeps ours apart from those of others.
std::string LockName(const Uuid& account_id) {
  return absl::StrCat("billing/accounts/", account_id.ToString());
}

}  // namespace

Uuid TraceOf(const std::string& secret_key, const Uuid& account_id) {
  return Uuid::Derive(account_id,
                      crypto::KeyedHash(secret_key, absl::StrCat("deleted_account/", account_id.ToString())));
}

absl::Status AccountDeleted() {
  return Precondition("ACCOUNT_DELETED", "the account was deleted");
}

absl::Status LockAccount(pg::Database& database, const Uuid& account_id) {
  return database.Execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", LockName(account_id));
}

absl::StatusOr<std::set<Uuid>> AddPseudonyms(pg::Database& database, const std::string& secret_key,
                                             const std::map<Uuid, Uuid>& pseudonyms) {
  std::vector<std::string> locks;  // in one order for all, so that nobody waits crosswise
  std::map<Uuid, Uuid> accounts;   // by trace
  std::vector<Uuid> traces;
  for (const auto& [account_id, pseudonym] : pseudonyms) {
    locks.push_back(LockName(account_id));
    traces.push_back(TraceOf(secret_key, account_id));
    accounts.emplace(traces.back(), account_id);
  }
  RETURN_IF_ERROR(database.Execute(
      "SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest($1::text[]) AS name", locks));
  ASSIGN_OR_RETURN(const pg::Rows found,
                   database.Query("SELECT trace FROM deleted_account WHERE trace = ANY($1)", traces));
  std::set<Uuid> deleted;
  for (const pg::Row row : found) deleted.insert(accounts.at(row.Get<Uuid>("trace")));
  std::vector<Uuid> living, given;
  for (const auto& [account_id, pseudonym] : pseudonyms) {
    if (deleted.contains(account_id)) continue;
    living.push_back(account_id);
    given.push_back(pseudonym);
  }
  RETURN_IF_ERROR(database.Execute(
      "INSERT INTO account_pseudonym (account_id, pseudonym) SELECT g.account_id, g.pseudonym FROM "
      "unnest($1::uuid[], $2::uuid[]) AS g (account_id, pseudonym) "
      "ON CONFLICT (account_id) DO NOTHING",
      living, given));
  return deleted;
}

absl::Status MarkAccountDeleted(pg::Database& database, const std::string& secret_key, const Uuid& account_id,
                                absl::Time now) {
  return database.Execute(
      "INSERT INTO deleted_account (trace, deleted_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
      TraceOf(secret_key, account_id), now);
}

}  // namespace perennial::billing
