#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/pg/param.h"
#include "libs/pg/rows.h"

struct pg_conn;  // libpq's

namespace perennial::pg {

// One connection, and what became of its transaction. Not thread-safe: the pool lends it to one thread at a
// time. Errors as Database has them; besides, a serialization failure or a deadlock is ABORTED without a
// reason.
//
// A statement is waited for until its time-out, which comes from the CallScope's deadline. Postgres itself
// ends it then; one that does not answer is given up a second later, and the session with it.
class Session {
 public:
  static absl::StatusOr<std::unique_ptr<Session>> Open(const std::string& url);

  // Statements are prepared when first run. They go out behind what was deferred, in the same round trip; the
  // first failure of all these is the answer, and what follows it is not run.
  absl::StatusOr<std::vector<Rows>> Run(std::vector<Statement> statements);
  // Keeps a statement whose rows nobody reads for the next Run or Commit.
  absl::Status Defer(Statement statement);

  void Begin();
  absl::Status Commit();
  void Rollback();

  // The failure that spoiled the current transaction, or OK.
  const absl::Status& spoiled() const { return spoiled_; }
  void ClearSpoiled() { spoiled_ = absl::OkStatus(); }
  bool is_broken() const { return broken_; }

 private:
  struct Closer {
    void operator()(pg_conn* connection) const;
  };
  using Result = Rows::Result;

  explicit Session(pg_conn* connection) : connection_(connection) {}
  absl::Status Command(const std::string& sql);
  absl::Status Prepare(absl::string_view sql);
  absl::Status ApplyDeadline();
  bool Send(const Statement& statement);
  using Results = std::vector<std::shared_ptr<const Result>>;
  absl::StatusOr<Results> RunTogether(const std::vector<Statement>& statements);
  absl::StatusOr<std::shared_ptr<const Result>> Finish(bool sent, absl::string_view sql);
  absl::StatusOr<std::unique_ptr<Result>> NextResult(absl::Time until);
  absl::Time AnswerBy() const;
  absl::Status AwaitAnswer(absl::Time until);
  absl::Status Lost(absl::string_view why);
  absl::Status Spoil(absl::Status status);

  std::unique_ptr<pg_conn, Closer> connection_;
  std::vector<Statement> deferred_;
  absl::flat_hash_map<std::string, std::string> prepared_;  // the name of each statement, by its text
  int timeout_ms_ = 0;                                      // statement_timeout as Postgres has it; 0: none
  absl::Status spoiled_;
  bool broken_ = false;
};

}  // namespace perennial::pg
