#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/base/status_macros.h"
#include "libs/pg/param.h"
#include "libs/pg/rows.h"
#include "libs/telemetry/metrics.h"

namespace perennial::pg {

// A bounded pool of connections to one service's schema. Thread-safe.
//
// Errors: a lost or missing connection is UNAVAILABLE / SERVICE_UNAVAILABLE; a passed deadline is
// DEADLINE_EXCEEDED / DEADLINE_PASSED; a violated unique constraint is ALREADY_EXISTS, ViolatedConstraint()
// names it; SQLSTATE REFUS is a refusal, its HINT the reason; anything else is a bug: INTERNAL, and logged.
class Database {
 public:
  // `url`: libpq's, postgres://role:password@host:port/database. Connections are opened when first needed.
  Database(std::string url, int max_connections, telemetry::Metrics& metrics);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Runs one statement: in the thread's transaction if it has one, else by itself.
  // `sql` is a constant with parameters $1, $2, …
  template <typename... Args>
  absl::StatusOr<Rows> Query(absl::string_view sql, const Args&... args) {
    ASSIGN_OR_RETURN(const std::vector<Rows> rows, QueryTogether({{sql, {Param(args)...}}}));
    return rows.front();
  }

  // Runs statements of which none needs the rows of another, one after the other in one round trip, and
  // returns the rows of each. If one fails, those behind it are not run.
  absl::StatusOr<std::vector<Rows>> QueryTogether(std::vector<Statement> statements);

  // A statement of a transaction whose rows nobody reads: it goes out with the transaction's next Query or
  // its commit, which saves a round trip. If it fails, they do. Outside a transaction it runs at once.
  template <typename... Args>
  absl::Status Execute(absl::string_view sql, const Args&... args) {
    return Defer({sql, {Param(args)...}});
  }

  // The same with a batch's columns for parameters. Nothing is run for no rows.
  absl::Status Execute(absl::string_view sql, const Columns& columns) {
    return columns.empty() ? absl::OkStatus() : Defer({sql, columns.params()});
  }

  // Runs `body` in a transaction and commits if it returns OK. `body` runs again after a serialization
  // failure or a deadlock, so it may only decide and query. Inside a transaction of this thread, `body`
  // becomes part of that one.
  absl::Status Transact(absl::FunctionRef<absl::Status()> body);

  // Calls `then` once the thread's transaction is committed, and never if it is not; outside a transaction at
  // once. For what must not happen for each run of a body, and cannot be undone: counting.
  void AfterCommit(std::function<void()> then);

  // OK if the database answers and its newest migration is at least `version` (a dbmate version,
  // "20261123000000").
  absl::Status CheckReady(absl::string_view version);

 private:
  class Lease;
  struct Pool;

  absl::Status Defer(Statement statement);
  absl::Status TransactOnce(absl::FunctionRef<absl::Status()> body);

  std::unique_ptr<Pool> pool_;
};

// The name of the constraint that an ALREADY_EXISTS status of Query is about; empty for any other status.
std::string ViolatedConstraint(const absl::Status& status);

}  // namespace perennial::pg
