#include "libs/pg/request_log.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace perennial::pg {
namespace {

// Twice the 24 hours that are promised, so that a slow purge never breaks the promise.
constexpr absl::Duration kKeep = absl::Hours(48);

constexpr char kPrimaryKey[] = "request_log_pkey";

}  // namespace

absl::StatusOr<std::optional<std::string>> PostgresRequestLog::Find(const RequestKey& key) {
  ASSIGN_OR_RETURN(
      const Rows rows,
      database_.Query(
          "SELECT method, request_hash, response FROM request_log WHERE scope = $1 AND request_id = $2",
          key.scope, key.request_id));
  if (rows.empty()) return std::nullopt;
  const bool same = rows[0].Get<std::string>("method") == key.method &&
                    rows[0].Get<Bytes>("request_hash").value == key.hash;
  if (!same) {
    return Precondition("REQUEST_ID_REUSED", "this request_id was used for another request; use a new one");
  }
  return rows[0].Get<Bytes>("response").value;
}

absl::StatusOr<std::string> PostgresRequestLog::Once(
    const RequestKey& key, absl::FunctionRef<absl::StatusOr<std::string>()> effect) {
  std::string response;
  const absl::Status status = database_.Transact([&]() -> absl::Status {
    ASSIGN_OR_RETURN(response, effect());
    return database_.Execute(
        "INSERT INTO request_log (scope, request_id, method, request_hash, response, created_at) VALUES "
        "($1, $2, $3, $4, $5, $6)",
        key.scope, key.request_id, key.method, Bytes{key.hash}, Bytes{response}, clock_.Now());
  });
  if (status.ok()) return response;
  // Repeats are rare, so looking for one first would cost each new request a round trip: a repeat stumbles
  // over the primary key, or over its own effect, and is looked for then.
  ASSIGN_OR_RETURN(const std::optional<std::string> twin, Find(key));
  if (twin) return *twin;
  if (ViolatedConstraint(status) == kPrimaryKey) {
    return Refusal(absl::StatusCode::kAborted, "REQUEST_IN_PROGRESS",
                   "the same request is being done; try again");
  }
  return status;
}

absl::StatusOr<int> PostgresRequestLog::Purge() {
  ASSIGN_OR_RETURN(const Rows rows,
                   database_.Query("DELETE FROM request_log WHERE ctid = ANY(ARRAY("
                                   "SELECT ctid FROM request_log WHERE created_at < $1 LIMIT 1000))",
                                   clock_.Now() - kKeep));
  return static_cast<int>(rows.affected());
}

}  // namespace perennial::pg
