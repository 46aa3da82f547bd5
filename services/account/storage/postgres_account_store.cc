#include "services/account/storage/postgres_account_store.h"

#include "absl/strings/str_cat.h"
#include "libs/base/status_macros.h"

namespace perennial::account {
namespace {

// The columns of an account, as a constant for statements to be put together from at compile time.
#define ACCOUNT_COLUMNS                                                                             \
  "account.id, account.email, account.email_key, account.password_hash, account.display_name, "     \
  "account.language, account.time_zone, account.revision, account.created_at, account.updated_at, " \
  "account.deleted_at"

core::Account ReadAccount(const pg::Row& row) {
  core::Account account;
  account.id = row.Get<Uuid>("id");
  account.email = row.Get<std::optional<std::string>>("email").value_or("");
  account.email_key = row.Get<std::optional<std::string>>("email_key").value_or("");
  account.password_hash = row.Get<std::optional<std::string>>("password_hash").value_or("");
  account.display_name = row.Get<std::string>("display_name");
  account.language = core::ParseLanguage(row.Get<std::string>("language")).value();
  account.time_zone = row.Get<std::string>("time_zone");
  account.revision = row.Get<int64_t>("revision");
  account.created_at = row.Get<absl::Time>("created_at");
  account.updated_at = row.Get<absl::Time>("updated_at");
  account.deleted = row.Get<std::optional<absl::Time>>("deleted_at").has_value();
  return account;
}

std::optional<core::Account> FirstOf(const pg::Rows& rows) {
  if (rows.empty()) return std::nullopt;
  return ReadAccount(rows[0]);
}

}  // namespace

absl::StatusOr<bool> PostgresAccountStore::Insert(const core::Account& account, const Uuid& request_id,
                                                  const std::vector<Event>& events) {
  bool inserted = false;
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    ASSIGN_OR_RETURN(
        const pg::Rows rows,
        database_.Query(
            "INSERT INTO account (id, email, email_key, password_hash, display_name, language, time_zone, "
            "revision, request_id, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
            "$11) "
            "ON CONFLICT ON CONSTRAINT account_email_key DO NOTHING",
            account.id, account.email, account.email_key, account.password_hash, account.display_name,
            core::CodeOf(account.language), account.time_zone, account.revision, request_id,
            account.created_at, account.updated_at));
    inserted = rows.affected() == 1;
    return inserted ? outbox_.Add(events) : absl::OkStatus();
  }));
  return inserted;
}

absl::StatusOr<std::optional<core::Account>> PostgresAccountStore::FindByEmail(const std::string& email_key) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("SELECT " ACCOUNT_COLUMNS " FROM account WHERE email_key = $1", email_key));
  return FirstOf(rows);
}

absl::StatusOr<std::optional<core::Account>> PostgresAccountStore::FindBySession(const Uuid& account_id,
                                                                                 const Uuid& session_id,
                                                                                 absl::Time now) {
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database_.Query("SELECT " ACCOUNT_COLUMNS
                                   " FROM account JOIN session ON session.account_id = account.id "
                                   "WHERE account.id = $1 AND account.deleted_at IS NULL AND session.id = $2 "
                                   "AND session.ended_at IS NULL AND session.expires_at > $3",
                                   account_id, session_id, now));
  return FirstOf(rows);
}

absl::StatusOr<std::vector<core::Account>> PostgresAccountStore::FindAll(const std::vector<Uuid>& ids) {
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database_.Query("SELECT " ACCOUNT_COLUMNS " FROM account WHERE id = ANY($1)", ids));
  std::vector<core::Account> accounts;
  for (const pg::Row& row : rows) accounts.push_back(ReadAccount(row));
  return accounts;
}

absl::StatusOr<std::optional<core::Account>> PostgresAccountStore::Lock(const Uuid& id) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query(
          "SELECT " ACCOUNT_COLUMNS " FROM account WHERE id = $1 AND deleted_at IS NULL FOR UPDATE", id));
  return FirstOf(rows);
}

absl::StatusOr<std::map<Uuid, core::Account>> PostgresAccountStore::LockAll(const std::vector<Uuid>& ids) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("SELECT " ACCOUNT_COLUMNS
                      " FROM account WHERE id = ANY($1) AND deleted_at IS NULL ORDER BY id FOR SHARE",
                      ids));
  std::map<Uuid, core::Account> accounts;
  for (const pg::Row row : rows) accounts.emplace(row.Get<Uuid>("id"), ReadAccount(row));
  return accounts;
}

absl::Status PostgresAccountStore::Save(const core::Account& account, const std::vector<Event>& events) {
  return database_.Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(database_
                        .Query("UPDATE account SET password_hash = $2, display_name = $3, language = $4, "
                               "time_zone = $5, revision = $6, updated_at = $7 WHERE id = $1",
                               account.id, account.password_hash, account.display_name,
                               core::CodeOf(account.language), account.time_zone, account.revision,
                               account.updated_at)
                        .status());
    return outbox_.Add(events);
  });
}

absl::Status PostgresAccountStore::ForgetAnswers(const Uuid& account_id) {
  RETURN_IF_ERROR(database_
                      .Query("DELETE FROM request_log WHERE scope = 'public' AND request_id IN ("
                             "SELECT request_id FROM account WHERE id = $1 UNION ALL "
                             "SELECT session_request.request_id FROM session_request "
                             "JOIN session ON session.id = session_request.session_id "
                             "WHERE session.account_id = $1)",
                             account_id)
                      .status());
  return database_
      .Query("DELETE FROM request_log WHERE scope = $1", absl::StrCat("account/", account_id.ToString()))
      .status();
}

// The order matters: calls that are under way have locked the account, or a session and then write to the
// log. So sessions go before the log, and what such a call wrote is seen here.
absl::Status PostgresAccountStore::Erase(const core::Account& tombstone, const std::string& throttle_key,
                                         const std::vector<Event>& events) {
  return database_.Transact([&]() -> absl::Status {
    const Uuid& id = tombstone.id;
    RETURN_IF_ERROR(
        database_.Query("SELECT id FROM session WHERE account_id = $1 ORDER BY id FOR UPDATE", id).status());
    RETURN_IF_ERROR(ForgetAnswers(id));
    RETURN_IF_ERROR(database_.Query("DELETE FROM session WHERE account_id = $1", id).status());
    RETURN_IF_ERROR(database_.Query("DELETE FROM notice WHERE account_id = $1", id).status());
    RETURN_IF_ERROR(database_.Query("DELETE FROM access_log WHERE account_id = $1", id).status());
    RETURN_IF_ERROR(
        database_
            .Query("DELETE FROM sign_in_throttle WHERE key >= $1 AND substr(key, 1, length($1)) = $1",
                   pg::Bytes{throttle_key})
            .status());
    RETURN_IF_ERROR(
        database_
            .Query(
                "UPDATE account SET email = NULL, email_key = NULL, password_hash = NULL, request_id = NULL, "
                "display_name = $2, language = $3, time_zone = $4, revision = $5, updated_at = $6, "
                "deleted_at = $6 WHERE id = $1",
                id, tombstone.display_name, core::CodeOf(tombstone.language), tombstone.time_zone,
                tombstone.revision, tombstone.updated_at)
            .status());
    return outbox_.Add(events);
  });
}

}  // namespace perennial::account
