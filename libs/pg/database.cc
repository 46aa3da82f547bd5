#include "libs/pg/database.h"

#include <condition_variable>
#include <mutex>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/base/call_scope.h"
#include "libs/base/error.h"
#include "libs/base/kill_point.h"
#include "libs/base/status_macros.h"
#include "libs/pg/result.h"
#include "libs/pg/session.h"

namespace perennial::pg {
namespace {

constexpr int kAttempts = 5;
constexpr absl::Duration kDefaultWait = absl::Seconds(30);

absl::Status DeadlinePassed() {
  return Refusal(absl::StatusCode::kDeadlineExceeded, "DEADLINE_PASSED",
                 "the call's deadline passed before it was done");
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

}  // namespace

struct Database::Pool {
  std::string url;
  int max_connections;
  telemetry::Gauge& in_use;
  telemetry::Counter& retries;
  std::mutex mutex;
  std::condition_variable returned;
  std::vector<std::unique_ptr<Session>> idle;
  int lent = 0;

  absl::StatusOr<std::unique_ptr<Session>> Borrow() {
    const CallScope* scope = CallScope::Current();
    const absl::Time deadline = scope ? scope->deadline() : absl::Now() + kDefaultWait;
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
    auto session = Session::Open(url);
    if (!session.ok()) Return(nullptr);
    return session;
  }

  void Return(std::unique_ptr<Session> connection) {
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
  std::vector<std::function<void()>>* after_commit = nullptr;
};
thread_local Ambient ambient;

// Makes queries of this thread join a transaction, until the end of the block however it is left.
class InTransaction {
 public:
  explicit InTransaction(const Ambient& transaction) : outer_(std::exchange(ambient, transaction)) {}
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
  Lease(Pool& pool, std::unique_ptr<Session> connection) : pool_(pool), connection_(std::move(connection)) {}
  ~Lease() { pool_.Return(std::move(connection_)); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  Session& operator*() { return *connection_; }
  Session* operator->() { return connection_.get(); }

 private:
  Pool& pool_;
  std::unique_ptr<Session> connection_;
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

absl::StatusOr<std::vector<Rows>> Database::QueryTogether(std::vector<Statement> statements) {
  if (ambient.pool == pool_.get())
    return static_cast<Session*>(ambient.connection)->Run(std::move(statements));
  ASSIGN_OR_RETURN(auto connection, pool_->Borrow());
  Lease lease(*pool_, std::move(connection));
  absl::StatusOr<std::vector<Rows>> rows = lease->Run(std::move(statements));
  if (!rows.ok() && IsRetryable(rows.status())) {
    return Refusal(absl::StatusCode::kAborted, "REQUEST_IN_PROGRESS",
                   "another request changes the same thing; try again");
  }
  return rows;
}

absl::Status Database::Defer(Statement statement) {
  if (ambient.pool == pool_.get())
    return static_cast<Session*>(ambient.connection)->Defer(std::move(statement));
  return QueryTogether({std::move(statement)}).status();
}

void Database::AfterCommit(std::function<void()> then) {
  if (ambient.pool != pool_.get()) return then();
  ambient.after_commit->push_back(std::move(then));
}

absl::Status Database::TransactOnce(absl::FunctionRef<absl::Status()> body) {
  ASSIGN_OR_RETURN(auto borrowed, pool_->Borrow());
  Lease connection(*pool_, std::move(borrowed));
  connection->Begin();
  absl::Status status;
  std::vector<std::function<void()>> after_commit;
  {
    const InTransaction joined({pool_.get(), &*connection, &after_commit});
    try {
      status = body();
    } catch (...) {
      connection->Rollback();
      throw;  // libs/rpc and libs/work have the barrier
    }
  }
  // A body that swallowed a failed statement has nothing to commit.
  if (status.ok()) status = connection->spoiled();
  if (status.ok()) {
    Reach(KillPoint::kBeforeCommit);
    status = connection->Commit();
    Reach(KillPoint::kAfterCommit);
  }
  if (status.ok()) {
    for (const std::function<void()>& then : after_commit) then();
    return status;
  }
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
