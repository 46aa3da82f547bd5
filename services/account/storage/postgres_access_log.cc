#include "services/account/storage/postgres_access_log.h"

#include "libs/base/status_macros.h"
#include "services/account/storage/paging.h"

namespace perennial::account {
namespace {

constexpr absl::Duration kKeep = absl::Hours(24 * 365);

core::AccessLogEntry ReadEntry(const pg::Row& row) {
  core::AccessLogEntry entry;
  entry.id = row.Get<Uuid>("id");
  entry.account_id = row.Get<Uuid>("account_id");
  entry.created_at = row.Get<absl::Time>("created_at");
  entry.act = core::ParseAccessAct(row.Get<std::string>("act")).value();
  entry.outcome = core::ParseAccessOutcome(row.Get<std::string>("outcome")).value();
  entry.origin = {row.Get<std::string>("client_address"), row.Get<std::string>("client_description")};
  entry.session_id = row.Get<std::optional<Uuid>>("session_id");
  return entry;
}

}  // namespace

// Both statements lock the account's row and look at it anew after a wait, so that a deletion at the same
// time leaves no entry behind (R7).
absl::Status PostgresAccessLog::Add(const core::AccessLogEntry& entry) {
  return database_
      .Query(
          "INSERT INTO access_log (id, account_id, created_at, act, outcome, client_address, "
          "client_description, session_id) SELECT $2, id, $3, $4, $5, $6, $7, $8 FROM account "
          "WHERE id = $1 AND deleted_at IS NULL FOR SHARE",
          entry.account_id, entry.id, entry.created_at, core::NameOf(entry.act), core::NameOf(entry.outcome),
          entry.origin.address, entry.origin.description, entry.session_id)
      .status();
}

absl::Status PostgresAccessLog::AddForEmail(const std::string& email_key, const core::AccessLogEntry& entry) {
  return database_
      .Query(
          "INSERT INTO access_log (id, account_id, created_at, act, outcome, client_address, "
          "client_description, session_id) SELECT $2, id, $3, $4, $5, $6, $7, $8 FROM account "
          "WHERE email_key = $1 FOR SHARE",
          email_key, entry.id, entry.created_at, core::NameOf(entry.act), core::NameOf(entry.outcome),
          entry.origin.address, entry.origin.description, entry.session_id)
      .status();
}

absl::StatusOr<Page<core::AccessLogEntry>> PostgresAccessLog::List(const Uuid& account_id,
                                                                   const PageRequest& page) {
  const Position after = StartOf(page);
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("SELECT id, account_id, created_at, act, outcome, client_address, "
                      "client_description, session_id FROM access_log WHERE account_id = $1 "
                      "AND (created_at, id) < ($2, $3) ORDER BY created_at DESC, id DESC LIMIT $4",
                      account_id, after.time, after.id, page.size + 1));
  return PageOf<core::AccessLogEntry>(rows, page.size, ReadEntry, [](const core::AccessLogEntry& entry) {
    return Position{entry.created_at, entry.id};
  });
}

absl::StatusOr<int> PostgresAccessLog::Purge(absl::Time now) {
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database_.Query("DELETE FROM access_log WHERE id = ANY(ARRAY("
                                   "SELECT id FROM access_log WHERE created_at < $1 LIMIT 1000))",
                                   now - kKeep));
  return static_cast<int>(rows.affected());
}

}  // namespace perennial::account
