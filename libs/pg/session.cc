#include "libs/pg/session.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/base/call_scope.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/pg/result.h"
#include "libs/telemetry/log.h"

namespace perennial::pg {
namespace {

constexpr absl::Duration kDefaultTimeout = absl::Seconds(30);
constexpr absl::Duration kGrace = absl::Seconds(1);
constexpr absl::string_view kBegin = "BEGIN";
constexpr absl::string_view kRefusal = "REFUS";

// A peer that is gone without a word is noticed within half a minute, on both ends: Postgres would else keep
// the locks of a lost node for hours. No transaction of ours is idle for long.
constexpr const char* kKeywords[] = {"connect_timeout",
                                     "keepalives_idle",
                                     "keepalives_interval",
                                     "keepalives_count",
                                     "tcp_user_timeout",
                                     "client_encoding",
                                     "dbname",
                                     nullptr};
constexpr char kSettings[] =
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET bytea_output = 'hex';"
    "SET jit = off;"  // on a plan whose cost was guessed too high, it compiles for longer than any of ours
                      // runs
    // What it costs follows the rows that are named, not those that exist: pages lie in memory or on an SSD,
    // and a session keeps the plan that it made while a table was small.
    "SET random_page_cost = 1.1; SET enable_seqscan = off;"
    "SET idle_in_transaction_session_timeout = '60s';"
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3";

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

absl::Status Away() {
  return Unavailable("SERVICE_UNAVAILABLE", "the database cannot be reached; try again");
}

// libpq would cut a text off at its first NUL byte, silently. libs/rpc lets none in; this is for all other
// ways.
absl::Status CheckText(const std::vector<Param>& params) {
  for (const Param& param : params) {
    if (param.HasNul())
      return Refusal(absl::StatusCode::kInvalidArgument, "REQUEST_INVALID",
                     "text cannot hold NUL characters");
  }
  return absl::OkStatus();
}

std::string Field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string() : text;
}

// Only the first line of what Postgres says is logged: DETAIL quotes the row, which may be personal (R21).
absl::Status Failure(const PGresult* result, absl::string_view sql) {
  const std::string state = Field(result, PG_DIAG_SQLSTATE);
  const std::string message = Field(result, PG_DIAG_MESSAGE_PRIMARY);
  if (state == "23505") {
    absl::Status status = absl::AlreadyExistsError("a unique constraint is violated");
    status.SetPayload(kConstraintKey, absl::Cord(Field(result, PG_DIAG_CONSTRAINT_NAME)));
    return status;
  }
  // A function of the schema refused (RAISE); the message is one for the caller.
  if (state == kRefusal) return Precondition(Field(result, PG_DIAG_MESSAGE_HINT), message);
  if (state == "40001" || state == "40P01") return absl::AbortedError(message);
  if (state == "57014") return DeadlinePassed();
  if (absl::StartsWith(state, "57P")) return Away();
  telemetry::Log(telemetry::Severity::kError, "statement failed",
                 {{"error", message}, {"sqlstate", state}, {"sql", std::string(sql)}});
  return absl::InternalError("a statement failed");
}

absl::Status StatusOf(const PGresult* result, absl::string_view sql) {
  const ExecStatusType outcome = PQresultStatus(result);
  const bool ok = outcome == PGRES_COMMAND_OK || outcome == PGRES_TUPLES_OK;
  return ok ? absl::OkStatus() : Failure(result, sql);
}

}  // namespace

void Rows::Result::Clearer::operator()(pg_result* result) const {
  PQclear(result);
}

void Session::Closer::operator()(pg_conn* connection) const {
  PQfinish(connection);
}

absl::StatusOr<std::unique_ptr<Session>> Session::Open(const std::string& url) {
  // What the URL itself sets comes last, and holds.
  const char* const values[] = {"2", "10", "5", "3", "15000", "UTF8", url.c_str(), nullptr};
  static_assert(std::size(kKeywords) == std::size(values));
  std::unique_ptr<Session> session(new Session(PQconnectdbParams(kKeywords, values, /*expand_dbname=*/1)));
  PGconn* connection = session->connection_.get();
  if (PQstatus(connection) != CONNECTION_OK) return session->Lost(PQerrorMessage(connection));
  PQsetNoticeProcessor(
      connection, [](void*, const char*) {}, nullptr);
  RETURN_IF_ERROR(session->Command(kSettings));
  return session;
}

absl::StatusOr<std::vector<Rows>> Session::Run(std::vector<Statement> asked) {
  const size_t first_asked = deferred_.size();
  absl::Status status;
  for (const Statement& statement : asked) status.Update(CheckText(statement.params));
  if (!status.ok()) return Spoil(std::move(status));
  std::move(asked.begin(), asked.end(), std::back_inserter(deferred_));
  const std::vector<Statement> statements = std::exchange(deferred_, {});
  status = ApplyDeadline();
  if (!status.ok()) return Spoil(std::move(status));
  for (const Statement& statement : statements) RETURN_IF_ERROR(Prepare(statement.sql));
  Results results;
  if (statements.size() == 1) {
    ASSIGN_OR_RETURN(auto result, Finish(Send(statements[0]), statements[0].sql));
    results.push_back(std::move(result));
  } else {
    ASSIGN_OR_RETURN(results, RunTogether(statements));
  }
  std::vector<Rows> rows;
  for (size_t i = first_asked; i < results.size(); ++i) rows.emplace_back(std::move(results[i]));
  return rows;
}

absl::Status Session::Defer(Statement statement) {
  absl::Status status = CheckText(statement.params);
  if (!status.ok()) return Spoil(std::move(status));
  deferred_.push_back(std::move(statement));
  return absl::OkStatus();
}

void Session::Begin() {
  deferred_.push_back({kBegin, {}});
}

absl::Status Session::Commit() {
  const bool nothing_sent = !deferred_.empty() && deferred_[0].sql == kBegin;
  if (!nothing_sent) return Run({{"COMMIT", {}}}).status();
  // What goes out together is a transaction by itself.
  deferred_.erase(deferred_.begin());
  return deferred_.empty() ? absl::OkStatus() : Run({}).status();
}

void Session::Rollback() {
  deferred_.clear();
  timeout_ms_ = 0;  // a SET of the transaction was undone with it
  if (PQtransactionStatus(connection_.get()) == PQTRANS_IDLE) return;  // never begun, or its COMMIT failed
  if (!Command("ROLLBACK").ok()) broken_ = true;
}

absl::Status Session::Command(const std::string& sql) {
  return Finish(PQsendQuery(connection_.get(), sql.c_str()) == 1, sql).status();
}

absl::Status Session::Prepare(absl::string_view sql) {
  if (prepared_.contains(sql)) return absl::OkStatus();
  const std::string name = absl::StrCat("s", prepared_.size() + 1);
  const bool sent = PQsendPrepare(connection_.get(), name.c_str(), std::string(sql).c_str(), 0, nullptr) == 1;
  RETURN_IF_ERROR(Finish(sent, sql).status());
  prepared_.emplace(sql, name);
  return absl::OkStatus();
}

bool Session::Send(const Statement& statement) {
  std::vector<const char*> values;
  std::vector<int> lengths, formats;
  for (const Param& param : statement.params) {
    values.push_back(param.data() ? param.data()->c_str() : nullptr);
    lengths.push_back(param.data() ? static_cast<int>(param.data()->size()) : 0);
    formats.push_back(param.is_binary() ? 1 : 0);
  }
  return PQsendQueryPrepared(connection_.get(), prepared_.find(statement.sql)->second.c_str(),
                             static_cast<int>(values.size()), values.data(), lengths.data(), formats.data(),
                             0) == 1;
}

absl::Status Session::ApplyDeadline() {
  const CallScope* scope = CallScope::Current();
  const absl::Duration left = scope ? scope->TimeLeft() : kDefaultTimeout;
  if (left <= absl::ZeroDuration()) return DeadlinePassed();
  const int step_ms = TimeoutStepMs(left);
  if (step_ms == timeout_ms_) return absl::OkStatus();
  RETURN_IF_ERROR(Command(absl::StrCat("SET statement_timeout = ", step_ms)));
  timeout_ms_ = step_ms;
  return absl::OkStatus();
}

// In libpq's pipeline mode: one message out, one back. Postgres runs nothing behind a statement that fails.
absl::StatusOr<Session::Results> Session::RunTogether(const std::vector<Statement>& statements) {
  PGconn* connection = connection_.get();
  bool sent = PQenterPipelineMode(connection) == 1;
  for (const Statement& statement : statements) sent = sent && Send(statement);
  if (!sent || PQpipelineSync(connection) != 1) return Spoil(Lost(PQerrorMessage(connection)));
  const absl::Time until = AnswerBy();
  absl::Status failure;
  Results results;
  for (const Statement& statement : statements) {
    ASSIGN_OR_RETURN(auto result, NextResult(until));
    if (failure.ok() && result->rows) failure = StatusOf(result->rows.get(), statement.sql);
    ASSIGN_OR_RETURN(const auto end, NextResult(until));
    if (!result->rows || end->rows) return Spoil(Lost("an answer is missing"));
    results.push_back(std::move(result));
  }
  ASSIGN_OR_RETURN(const auto sync, NextResult(until));
  if (PQresultStatus(sync->rows.get()) != PGRES_PIPELINE_SYNC || PQexitPipelineMode(connection) != 1)
    return Spoil(Lost(PQerrorMessage(connection)));
  if (!failure.ok()) return Spoil(std::move(failure));
  return results;
}

// Waits for what was sent to be answered. Of several statements, the last answer or the first failure.
absl::StatusOr<std::shared_ptr<const Rows::Result>> Session::Finish(bool sent, absl::string_view sql) {
  if (!sent) return Spoil(Lost(PQerrorMessage(connection_.get())));
  const absl::Time until = AnswerBy();
  absl::Status failure;
  std::unique_ptr<Result> last = std::make_unique<Result>();
  while (true) {
    ASSIGN_OR_RETURN(auto result, NextResult(until));
    if (!result->rows) break;
    if (failure.ok()) failure = StatusOf(result->rows.get(), sql);
    last = std::move(result);
  }
  if (PQstatus(connection_.get()) != CONNECTION_OK) return Spoil(Lost(PQerrorMessage(connection_.get())));
  if (!failure.ok()) return Spoil(std::move(failure));
  return std::shared_ptr<const Result>(std::move(last));
}

// Without rows: the end of a statement's results.
absl::StatusOr<std::unique_ptr<Rows::Result>> Session::NextResult(absl::Time until) {
  absl::Status waited = AwaitAnswer(until);
  if (!waited.ok()) return Spoil(std::move(waited));
  auto result = std::make_unique<Result>();
  result->rows.reset(PQgetResult(connection_.get()));
  return result;
}

absl::Time Session::AnswerBy() const {
  return absl::Now() + (timeout_ms_ > 0 ? absl::Milliseconds(timeout_ms_) : kDefaultTimeout) + kGrace;
}

absl::Status Session::AwaitAnswer(absl::Time until) {
  PGconn* connection = connection_.get();
  while (PQisBusy(connection) == 1) {
    pollfd answer = {PQsocket(connection), POLLIN, 0};
    const absl::Duration left = until - absl::Now();
    const int64_t ms = std::max<int64_t>(0, absl::ToInt64Milliseconds(left));
    const int ready = poll(&answer, 1, static_cast<int>(ms));
    if (ready < 0 && errno != EINTR) return Lost("poll failed");
    if (ready == 0) {
      Lost("no answer").IgnoreError();
      return DeadlinePassed();
    }
    if (ready > 0 && PQconsumeInput(connection) == 0) return Lost(PQerrorMessage(connection));
  }
  return absl::OkStatus();
}

absl::Status Session::Lost(absl::string_view why) {
  broken_ = true;
  telemetry::Log(telemetry::Severity::kWarning, "database connection lost",
                 {{"error", std::string(absl::StripAsciiWhitespace(why))}});
  return Away();
}

absl::Status Session::Spoil(absl::Status status) {
  broken_ = broken_ || status.code() == absl::StatusCode::kUnavailable;
  if (spoiled_.ok()) spoiled_ = status;
  return status;
}

}  // namespace perennial::pg
