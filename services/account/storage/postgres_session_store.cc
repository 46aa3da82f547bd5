#include "services/account/storage/postgres_session_store.h"

#include "libs/base/status_macros.h"
#include "services/account/storage/paging.h"

namespace perennial::account {
namespace {

#define SESSION_COLUMNS                                                                                      \
  "session.id, session.account_id, session.client_description, session.client_address, session.created_at, " \
  "session.last_used_at, session.expires_at, session.ended_at, session.token_digest, session.token_sealed, " \
  "session.previous_digest, session.refreshed_at"

// How long a client can still learn that its session has ended.
constexpr absl::Duration kKeepEnded = absl::Hours(24 * 7);
// A token that old belongs to no session that could be refreshed with it; its reuse is just an unknown token.
constexpr absl::Duration kKeepDigests = absl::Hours(24 * 31);
// As long as libs/pg keeps answers.
constexpr absl::Duration kKeepRequests = absl::Hours(72);

core::Session ReadSession(const pg::Row& row) {
  core::Session session;
  session.id = row.Get<Uuid>("id");
  session.account_id = row.Get<Uuid>("account_id");
  session.origin = {row.Get<std::string>("client_address"), row.Get<std::string>("client_description")};
  session.created_at = row.Get<absl::Time>("created_at");
  session.last_used_at = row.Get<absl::Time>("last_used_at");
  session.expires_at = row.Get<absl::Time>("expires_at");
  session.ended_at = row.Get<std::optional<absl::Time>>("ended_at");
  session.token_digest = row.Get<pg::Bytes>("token_digest").value;
  session.token_sealed = row.Get<pg::Bytes>("token_sealed").value;
  session.previous_digest = row.Get<pg::Bytes>("previous_digest").value;
  session.refreshed_at = row.Get<absl::Time>("refreshed_at");
  return session;
}

std::optional<core::Session> FirstOf(const pg::Rows& rows) {
  if (rows.empty()) return std::nullopt;
  return ReadSession(rows[0]);
}

}  // namespace

// Which digest and which answer belong to the session.
absl::Status PostgresSessionStore::Remember(const core::Session& session, const Uuid& request_id) {
  RETURN_IF_ERROR(database_
                      .Query("INSERT INTO refresh_token (digest, session_id, issued_at) VALUES ($1, $2, $3) "
                             "ON CONFLICT (digest) DO NOTHING",
                             pg::Bytes{session.token_digest}, session.id, session.refreshed_at)
                      .status());
  return database_
      .Query(
          "INSERT INTO session_request (request_id, session_id, created_at) VALUES ($1, $2, $3) "
          "ON CONFLICT (request_id) DO NOTHING",
          request_id, session.id, session.refreshed_at)
      .status();
}

absl::Status PostgresSessionStore::Insert(const core::Session& session, const Uuid& request_id) {
  return database_.Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(
        database_
            .Query("INSERT INTO session (id, account_id, client_description, client_address, created_at, "
                   "last_used_at, expires_at, token_digest, token_sealed, previous_digest, refreshed_at) "
                   "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                   session.id, session.account_id, session.origin.description, session.origin.address,
                   session.created_at, session.last_used_at, session.expires_at,
                   pg::Bytes{session.token_digest}, pg::Bytes{session.token_sealed},
                   pg::Bytes{session.previous_digest}, session.refreshed_at)
            .status());
    return Remember(session, request_id);
  });
}

absl::StatusOr<std::optional<core::Session>> PostgresSessionStore::FindByToken(const std::string& digest) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("SELECT " SESSION_COLUMNS
                      " FROM refresh_token JOIN session ON session.id = refresh_token.session_id "
                      "WHERE refresh_token.digest = $1",
                      pg::Bytes{digest}));
  return FirstOf(rows);
}

absl::StatusOr<std::optional<core::Session>> PostgresSessionStore::LockByToken(const std::string& digest) {
  // What decides stands in the session's row, which after a wait is read anew; the digest's row never
  // changes.
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("SELECT " SESSION_COLUMNS
                      " FROM refresh_token JOIN session ON session.id = refresh_token.session_id "
                      "WHERE refresh_token.digest = $1 FOR UPDATE OF session",
                      pg::Bytes{digest}));
  return FirstOf(rows);
}

absl::Status PostgresSessionStore::SaveRefresh(const core::Session& session, const Uuid& request_id) {
  return database_.Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(database_
                        .Query("UPDATE session SET last_used_at = $2, expires_at = $3, token_digest = $4, "
                               "token_sealed = $5, "
                               "previous_digest = $6, refreshed_at = $7 WHERE id = $1",
                               session.id, session.last_used_at, session.expires_at,
                               pg::Bytes{session.token_digest}, pg::Bytes{session.token_sealed},
                               pg::Bytes{session.previous_digest}, session.refreshed_at)
                        .status());
    return Remember(session, request_id);
  });
}

absl::StatusOr<Page<core::Session>> PostgresSessionStore::List(const Uuid& account_id,
                                                               const PageRequest& page, absl::Time now) {
  const Position after = StartOf(page);
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("SELECT " SESSION_COLUMNS
                      " FROM session WHERE account_id = $1 AND ended_at IS NULL AND expires_at > $2 "
                      "AND (last_used_at, id) < ($3, $4) ORDER BY last_used_at DESC, id DESC LIMIT $5",
                      account_id, now, after.time, after.id, page.size + 1));
  return PageOf<core::Session>(rows, page.size, ReadSession, [](const core::Session& s) {
    return Position{s.last_used_at, s.id};
  });
}

absl::StatusOr<bool> PostgresSessionStore::End(const Uuid& account_id, const Uuid& session_id,
                                               absl::Time now) {
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database_.Query("UPDATE session SET ended_at = $3 WHERE id = $2 AND account_id = $1 "
                                   "AND ended_at IS NULL AND expires_at > $3",
                                   account_id, session_id, now));
  return rows.affected() == 1;
}

absl::StatusOr<int> PostgresSessionStore::EndOthers(const Uuid& account_id, const Uuid& kept_session_id,
                                                    absl::Time now) {
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database_.Query("UPDATE session SET ended_at = $3 WHERE account_id = $1 AND id <> $2 "
                                   "AND ended_at IS NULL AND expires_at > $3",
                                   account_id, kept_session_id, now));
  return static_cast<int>(rows.affected());
}

absl::StatusOr<int> PostgresSessionStore::Purge(absl::Time now) {
  ASSIGN_OR_RETURN(const pg::Rows sessions,
                   database_.Query("DELETE FROM session WHERE id = ANY(ARRAY("
                                   "(SELECT id FROM session WHERE ended_at < $1 LIMIT 500) UNION "
                                   "(SELECT id FROM session WHERE expires_at < $1 LIMIT 500)))",
                                   now - kKeepEnded));
  ASSIGN_OR_RETURN(const pg::Rows tokens,
                   database_.Query("DELETE FROM refresh_token WHERE digest = ANY(ARRAY("
                                   "SELECT digest FROM refresh_token WHERE issued_at < $1 LIMIT 1000))",
                                   now - kKeepDigests));
  ASSIGN_OR_RETURN(
      const pg::Rows requests,
      database_.Query("DELETE FROM session_request WHERE request_id = ANY(ARRAY("
                      "SELECT request_id FROM session_request WHERE created_at < $1 LIMIT 1000))",
                      now - kKeepRequests));
  return static_cast<int>(sessions.affected() + tokens.affected() + requests.affected());
}

}  // namespace perennial::account
