#include "services/account/storage/postgres_sign_in_throttle.h"

#include "libs/base/status_macros.h"

namespace perennial::account {
namespace {

constexpr absl::Duration kKeep = absl::Hours(24);

}  // namespace

absl::StatusOr<std::optional<absl::Time>> PostgresSignInThrottle::Begin(const std::string& key,
                                                                        absl::Time now, int free_failures) {
  std::optional<absl::Time> paused_until;
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    paused_until.reset();
    // Makes the row or locks it: one attempt at a time decides.
    ASSIGN_OR_RETURN(
        const pg::Rows rows,
        database_.Query("INSERT INTO sign_in_throttle (key, failures, paused_until, last_failure_at) "
                        "VALUES ($1, 0, $2, $2) ON CONFLICT (key) DO UPDATE SET key = excluded.key "
                        "RETURNING failures, paused_until",
                        pg::Bytes{key}, now));
    const core::SignInAttempts attempts{rows[0].Get<int>("failures"),
                                        rows[0].Get<absl::Time>("paused_until")};
    if (attempts.paused_until > now) {
      paused_until = attempts.paused_until;
      return absl::OkStatus();
    }
    const core::SignInAttempts next = core::AfterFailure(attempts, now, free_failures);
    return database_
        .Query(
            "UPDATE sign_in_throttle SET failures = $2, paused_until = $3, last_failure_at = $4 WHERE key = "
            "$1",
            pg::Bytes{key}, next.failures, next.paused_until, now)
        .status();
  }));
  return paused_until;
}

absl::StatusOr<std::optional<absl::Time>> PostgresSignInThrottle::PausedUntil(const std::string& key,
                                                                              absl::Time now) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("SELECT paused_until FROM sign_in_throttle WHERE key = $1 AND paused_until > $2",
                      pg::Bytes{key}, now));
  return rows.empty() ? std::nullopt : std::optional(rows[0].Get<absl::Time>("paused_until"));
}

absl::Status PostgresSignInThrottle::Clear(const std::string& key) {
  return database_.Query("DELETE FROM sign_in_throttle WHERE key = $1", pg::Bytes{key}).status();
}

absl::StatusOr<int> PostgresSignInThrottle::Purge(absl::Time now) {
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database_.Query("DELETE FROM sign_in_throttle WHERE key = ANY(ARRAY("
                                   "SELECT key FROM sign_in_throttle WHERE last_failure_at < $1 LIMIT 1000))",
                                   now - kKeep));
  return static_cast<int>(rows.affected());
}

}  // namespace perennial::account
