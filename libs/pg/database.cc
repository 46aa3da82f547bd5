#include "libs/pg/database.h"

#include <condition_variable>
#include <mutex>
#include <pqxx/pqxx>
#include <random>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/base/call_scope.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/pg/result.h"
#include "libs/telemetry/log.h"

namespace pqxx {

template <>
struct string_traits<perennial::pg::Param> {
  static const char* name() { return "perennial::pg::Param"; }
  static bool has_null() { return true; }
  static bool is_null(const perennial::pg::Param& param) { return !param.text().has_value(); }
  static std::string to_string(const perennial::pg::Param& param) { return *param.text(); }
};

}  // namespace pqxx

namespace perennial::pg {
namespace {

constexpr char kConstraintKey[] = "perennial/constraint";
constexpr int kAttempts = 5;
constexpr absl::Duration kDefaultTimeout = absl::Seconds(30);

// Statement time-outs come in steps, so that calls with like deadlines need no SET between them.
int TimeoutStepMs(absl::Duration left) {
  for (int step : {50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000}) {
    if (left <= absl::Milliseconds(step)) return step;
  }
  return 60000;
}

absl::Status DeadlinePassed() {
  return Refusal(absl::StatusCode::kDeadlineExceeded, "DEADLINE_PASSED",
                 "the call's deadline passed before it was done");
}

// Postgres names the constraint in its message: duplicate key value violates unique constraint "name".
std::string ConstraintIn(absl::string_view message) {
  const size_t start = message.find("constraint \"");
  if (start == absl::string_view::npos) return "";
  const absl::string_view rest = message.substr(start + 12);
  return std::string(rest.substr(0, rest.find('"')));
}

// libpq would cut a text off at its first NUL byte, silently.
absl::Status CheckText(const std::vector<Param>& params) {
  for (const Param& param : params) {
    if (param.text() && absl::StrContains(*param.text(), '\0'))
      return Refusal(absl::StatusCode::kInvalidArgument, "REQUEST_INVALID",
                     "text cannot hold NUL characters");
  }
  return absl::OkStatus();
}

// The statuses that Transact retries on; they never leave it.
bool IsRetryable(const absl::Status& status) {
  return status.code() == absl::StatusCode::kAborted && ReasonOf(status).empty();
}

// At once, both sides of a deadlock would meet again.
void PauseBeforeRetry(int attempt) {
  thread_local std::minstd_rand random{std::random_device{}()};
  std::uniform_int_distribution<int> pause_ms(0, 5 << attempt);
  absl::SleepFor(absl::Milliseconds(pause_ms(random)));
}

// Called in a catch block: the one place where libpqxx's exceptions end.
absl::Status StatusOfCurrentException() {
  try {
    throw;
  } catch (const pqxx::broken_connection& error) {
    telemetry::Log(telemetry::Severity::kWarning, "database connection lost", {{"error", error.what()}});
    return Unavailable("SERVICE_UNAVAILABLE", "the database cannot be reached; try again");
  } catch (const pqxx::unique_violation& error) {
    absl::Status status = absl::AlreadyExistsError("a unique constraint is violated");
    status.SetPayload(kConstraintKey, absl::Cord(ConstraintIn(error.what())));
    return status;
  } catch (const pqxx::serialization_failure& error) {
    return absl::AbortedError(error.what());
  } catch (const pqxx::deadlock_detected& error) {
    return absl::AbortedError(error.what());
  } catch (const pqxx::sql_error& error) {
    if (error.sqlstate() == "57014") return DeadlinePassed();
    const bool shutting_down = error.sqlstate().substr(0, 3) == "57P";
    if (shutting_down) return Unavailable("SERVICE_UNAVAILABLE", "the database cannot be reached; try again");
    telemetry::Log(telemetry::Severity::kError, "statement failed",
                   {{"error", error.what()}, {"sqlstate", error.sqlstate()}, {"sql", error.query()}});
    return absl::InternalError("a statement failed");
  } catch (const std::exception& error) {
    telemetry::Log(telemetry::Severity::kError, "database client failed", {{"error", error.what()}});
    return absl::InternalError("the database client failed");
  }
}

}  // namespace

// One session. Not thread-safe: the pool lends it to one thread at a time.
class Database::Connection {
 public:
  explicit Connection(const std::string& url) : connection_(url), session_(connection_) {
    // Without DETAIL: it quotes the row, which may be personal (R21), and messages end up in the log.
    connection_.set_verbosity(pqxx::connection_base::terse);
    session_.exec("SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET bytea_output = 'hex'");
  }

  absl::StatusOr<Rows> Run(absl::string_view sql, const std::vector<Param>& params) {
    try {
      absl::Status status = CheckText(params);
      if (status.ok()) status = ApplyDeadline();
      if (!status.ok()) return Spoil(status);
      auto result = std::make_shared<Rows::Result>();
      result->rows = session_.exec_prepared(Prepare(sql), pqxx::prepare::make_dynamic_params(params));
      return Rows(std::move(result));
    } catch (...) {
      return Failed();
    }
  }

  absl::Status Command(const char* sql) {
    try {
      session_.exec(sql);
      return absl::OkStatus();
    } catch (...) {
      return Failed();
    }
  }

  void Rollback() {
    if (!Command("ROLLBACK").ok()) broken_ = true;
    timeout_ms_ = 0;  // a SET of the transaction was undone with it
  }

  // The failure that spoiled the current transaction, or OK.
  const absl::Status& spoiled() const { return spoiled_; }
  void ClearSpoiled() { spoiled_ = absl::OkStatus(); }
  bool is_broken() const { return broken_; }

 private:
  absl::Status Failed() {
    absl::Status status = StatusOfCurrentException();
    broken_ = broken_ || status.code() == absl::StatusCode::kUnavailable || !connection_.is_open();
    return Spoil(status);
  }

  absl::Status Spoil(const absl::Status& status) {
    if (spoiled_.ok()) spoiled_ = status;
    return status;
  }

  absl::Status ApplyDeadline() {
    const CallScope* scope = CallScope::Current();
    const absl::Duration left = scope ? scope->deadline() - absl::Now() : kDefaultTimeout;
    if (left <= absl::ZeroDuration()) return DeadlinePassed();
    const int step_ms = TimeoutStepMs(left);
    if (step_ms != timeout_ms_) {
      session_.exec(absl::StrCat("SET statement_timeout = ", step_ms));
      timeout_ms_ = step_ms;
    }
    return absl::OkStatus();
  }

  const std::string& Prepare(absl::string_view sql) {
    auto [statement, is_new] = prepared_.try_emplace(sql);
    if (is_new) {
      statement->second = absl::StrCat("s", prepared_.size());
      connection_.prepare(statement->second, std::string(sql));
    }
    return statement->second;
  }

  pqxx::connection connection_;
  pqxx::nontransaction session_;
  absl::flat_hash_map<std::string, std::string> prepared_;
  int timeout_ms_ = 0;
  absl::Status spoiled_;
  bool broken_ = false;
};

struct Database::Pool {
  std::string url;
  int max_connections;
  telemetry::Gauge& in_use;
  telemetry::Counter& retries;
  std::mutex mutex;
  std::condition_variable returned;
  std::vector<std::unique_ptr<Connection>> idle;
  int lent = 0;

  absl::StatusOr<std::unique_ptr<Connection>> Borrow() {
    const CallScope* scope = CallScope::Current();
    const absl::Time deadline = scope ? scope->deadline() : absl::Now() + kDefaultTimeout;
    {
      std::unique_lock lock(mutex);
      const bool free =
          returned.wait_until(lock, absl::ToChronoTime(deadline), [&] { return lent < max_connections; });
      if (!free) return DeadlinePassed();
      in_use.Set(++lent);
      if (!idle.empty()) {
        auto connection = std::move(idle.back());
        idle.pop_back();
        return connection;
      }
    }
    try {
      return std::make_unique<Connection>(url);
    } catch (...) {
      absl::Status status = StatusOfCurrentException();
      Return(nullptr);
      return status;
    }
  }

  void Return(std::unique_ptr<Connection> connection) {
    std::lock_guard lock(mutex);
    if (connection && !connection->is_broken()) {
      connection->ClearSpoiled();
      idle.push_back(std::move(connection));
    } else {
      // The server went away: the idle ones are dead as well.
      idle.clear();
    }
    in_use.Set(--lent);
    returned.notify_one();
  }
};

namespace {

// The transaction that this thread is in. A process has one Database, a test may have several.
struct Ambient {
  const void* pool = nullptr;
  void* connection = nullptr;
};
thread_local Ambient ambient;

// Makes queries of this thread join a transaction, until the end of the block however it is left.
class InTransaction {
 public:
  InTransaction(const void* pool, void* connection) : outer_(std::exchange(ambient, {pool, connection})) {}
  ~InTransaction() { ambient = outer_; }
  InTransaction(const InTransaction&) = delete;
  InTransaction& operator=(const InTransaction&) = delete;

 private:
  const Ambient outer_;
};

}  // namespace

// Gives a borrowed connection back.
class Database::Lease {
 public:
  Lease(Pool& pool, std::unique_ptr<Connection> connection)
      : pool_(pool), connection_(std::move(connection)) {}
  ~Lease() { pool_.Return(std::move(connection_)); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  Connection& operator*() { return *connection_; }
  Connection* operator->() { return connection_.get(); }

 private:
  Pool& pool_;
  std::unique_ptr<Connection> connection_;
};

Database::Database(std::string url, int max_connections, telemetry::Metrics& metrics)
    : pool_(new Pool{
          .url = std::move(url),
          .max_connections = max_connections,
          .in_use =
              metrics.GaugeOf("perennial_db_connections_in_use", "Database connections lent to a worker."),
          .retries = metrics.CounterOf("perennial_db_transaction_retries_total",
                                       "Transactions run again after a serialization failure or a deadlock."),
          .mutex = {},
          .returned = {},
          .idle = {},
      }) {
  metrics.GaugeOf("perennial_db_connections_max", "Upper bound of the connection pool.").Set(max_connections);
}

Database::~Database() = default;

absl::StatusOr<Rows> Database::Run(absl::string_view sql, const std::vector<Param>& params) {
  if (ambient.pool == pool_.get()) return static_cast<Connection*>(ambient.connection)->Run(sql, params);
  ASSIGN_OR_RETURN(auto connection, pool_->Borrow());
  Lease lease(*pool_, std::move(connection));
  absl::StatusOr<Rows> rows = lease->Run(sql, params);
  if (!rows.ok() && IsRetryable(rows.status())) {
    return Refusal(absl::StatusCode::kAborted, "REQUEST_IN_PROGRESS",
                   "another request changes the same thing; try again");
  }
  return rows;
}

absl::Status Database::TransactOnce(absl::FunctionRef<absl::Status()> body) {
  ASSIGN_OR_RETURN(auto borrowed, pool_->Borrow());
  Lease connection(*pool_, std::move(borrowed));
  RETURN_IF_ERROR(connection->Command("BEGIN"));
  absl::Status status;
  {
    const InTransaction joined(pool_.get(), &*connection);
    try {
      status = body();
    } catch (...) {
      connection->Rollback();
      throw;  // libs/rpc and libs/work have the barrier
    }
  }
  // A body that swallowed a failed statement has nothing to commit.
  if (status.ok()) status = connection->spoiled();
  if (status.ok()) return connection->Command("COMMIT");
  const absl::Status cause = connection->spoiled();
  connection->Rollback();
  return IsRetryable(cause) ? cause : status;
}

absl::Status Database::Transact(absl::FunctionRef<absl::Status()> body) {
  if (ambient.pool == pool_.get()) return body();
  absl::Status status;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    status = TransactOnce(body);
    if (!IsRetryable(status)) return status;
    pool_->retries.Add();
    PauseBeforeRetry(attempt);
  }
  return Refusal(absl::StatusCode::kAborted, "REQUEST_IN_PROGRESS",
                 "other requests keep changing the same thing; try again");
}

absl::Status Database::CheckReady(absl::string_view version) {
  ASSIGN_OR_RETURN(const Rows rows,
                   Query("SELECT coalesce(max(version), '') AS version FROM schema_migrations"));
  const std::string current = rows[0].Get<std::string>("version");
  if (current >= version) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the schema is at migration '", current, "', this binary needs ", version));
}

std::string ViolatedConstraint(const absl::Status& status) {
  const auto payload = status.GetPayload(kConstraintKey);
  return payload ? std::string(*payload) : std::string();
}

}  // namespace perennial::pg
