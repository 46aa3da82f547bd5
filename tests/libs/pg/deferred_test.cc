#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/pg/database.h"
#include "tests/libs/pg/counters.h"
#include "tests/support/status_matchers.h"

namespace perennial::pg {
namespace {

TEST_CASE("what nobody reads goes out with the next query or the commit, in order") {
  Counters counters;
  Database& database = counters.database();
  REQUIRE_OK(database.Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(database.Execute("UPDATE counter SET n = n + $1 WHERE id = 1", 5));
    RETURN_IF_ERROR(database.Execute("UPDATE counter SET n = n * $1 WHERE id = 1", 2));
    CHECK(counters.Read(1) == 10);
    return database.Execute("UPDATE counter SET n = n + $1 WHERE id = 1", 1);
  }));
  CHECK(counters.Read(1) == 11);
  REQUIRE_OK(database.Execute("UPDATE counter SET n = 3 WHERE id = $1", 2));  // in no transaction: at once
  CHECK(counters.Read(2) == 3);
}

TEST_CASE("a statement that went along and fails, fails the query or the commit, and nothing is kept") {
  Counters counters(1);  // all of it on one connection, which is as good as before
  Database& database = counters.database();
  const auto fail_along = [&]() -> absl::Status {
    RETURN_IF_ERROR(counters.Add(1));
    RETURN_IF_ERROR(database.Execute("INSERT INTO counter (id, n) VALUES ($1, 0)", 2));
    return database.Execute("UPDATE counter SET n = 9 WHERE id = $1", 1);
  };
  CHECK(ViolatedConstraint(database.Transact([&]() -> absl::Status {
          RETURN_IF_ERROR(fail_along());
          return database.Query("SELECT n FROM counter WHERE id = $1", 1).status();
        })) == "counter_id_key");
  CHECK(ViolatedConstraint(database.Transact(fail_along)) == "counter_id_key");
  const absl::Status nul = database.Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(counters.Add(1));
    database.Execute("SELECT $1::text", std::string(1, '\0')).IgnoreError();
    return absl::OkStatus();
  });
  CHECK(nul.code() == absl::StatusCode::kInvalidArgument);
  CHECK(counters.Read(1) == 0);
  REQUIRE_OK(database.Transact([&] { return counters.Add(1); }));
  CHECK(counters.Read(1) == 1);
}

TEST_CASE("a transaction in which nothing was read is run again as well, whole") {
  Counters counters;
  Database& database = counters.database();
  std::atomic<int> runs = 0;
  const auto add = [&](int first, int second) {
    return database.Transact([&, first, second]() -> absl::Status {
      ++runs;
      RETURN_IF_ERROR(database.Execute("UPDATE counter SET n = n + 1 WHERE id = $1", first));
      RETURN_IF_ERROR(database.Execute("SELECT pg_sleep(0.3)"));  // until the other has its first
      return database.Execute("UPDATE counter SET n = n + 1 WHERE id = $1", second);
    });
  };
  absl::Status there;
  std::thread other([&] { there = add(2, 1); });
  const absl::Status here = add(1, 2);
  other.join();
  REQUIRE_OK(here);
  REQUIRE_OK(there);
  CHECK(runs >= 3);
  CHECK(counters.Read(1) == 2);
  CHECK(counters.Read(2) == 2);
}

TEST_CASE("a connection lost before anything went out loses all of it, and says so") {
  Counters counters(1);
  const absl::Status status = counters.database().Transact([&]() -> absl::Status {
    EndSessions(counters);  // before anything of this transaction went out
    RETURN_IF_ERROR(counters.database().Execute("UPDATE counter SET n = 9 WHERE id = $1", 1));
    return counters.database().Execute("UPDATE counter SET n = 9 WHERE id = $1", 2);
  });
  CHECK_REFUSED(status, "SERVICE_UNAVAILABLE");
  CHECK(counters.Read(1) == 0);
  CHECK(counters.Read(2) == 0);
}

}  // namespace
}  // namespace perennial::pg
