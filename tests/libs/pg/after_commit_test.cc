#include <catch2/catch.hpp>
#include <thread>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "tests/libs/pg/counters.h"

namespace perennial::pg {
namespace {

TEST_CASE("what is to be done after a commit is done once, and never without one") {
  Counters counters;
  Database& database = counters.database();
  int runs = 0, done = 0;
  REQUIRE_OK(database.Transact([&]() -> absl::Status {
    ++runs;
    RETURN_IF_ERROR(database.Query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").status());
    RETURN_IF_ERROR(database.Query("SELECT n FROM counter WHERE id = 1").status());
    if (runs == 1) std::thread([&] { CHECK(counters.Add(1).ok()); }).join();
    RETURN_IF_ERROR(database.Transact([&]() -> absl::Status {
      database.AfterCommit([&] { ++done; });
      return absl::OkStatus();
    }));
    CHECK(done == 0);
    return counters.Add(1);
  }));
  CHECK(runs == 2);
  CHECK(done == 1);
  CHECK_FALSE(database
                  .Transact([&]() -> absl::Status {
                    database.AfterCommit([&] { ++done; });
                    return Precondition("QUOTE_EXPIRED", "");
                  })
                  .ok());
  CHECK_FALSE(database
                  .Transact([&]() -> absl::Status {
                    database.AfterCommit([&] { ++done; });
                    return database.Execute("INSERT INTO counter (id, n) VALUES (1, 0)");
                  })
                  .ok());
  CHECK(done == 1);
  database.AfterCommit([&] { ++done; });  // in no transaction: at once
  CHECK(done == 2);
}

}  // namespace
}  // namespace perennial::pg
