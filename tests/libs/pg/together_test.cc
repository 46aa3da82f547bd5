#include <catch2/catch.hpp>

#include "libs/base/status_macros.h"
#include "libs/pg/database.h"
#include "tests/libs/pg/counters.h"

namespace perennial::pg {
namespace {

TEST_CASE("statements that go together are run in order, and each answers with its own rows") {
  Counters counters(1);
  Database& database = counters.database();
  const auto ask = [&] {
    return database.QueryTogether({{"UPDATE counter SET n = n + $1 WHERE id = 1", {5}},
                                   {"SELECT n FROM counter WHERE id = $1", {1}},
                                   {"SELECT id FROM counter ORDER BY id", {}}});
  };
  const auto rows = ask();
  REQUIRE_OK(rows);
  REQUIRE(rows->size() == 3);
  CHECK((*rows)[0].affected() == 1);
  CHECK((*rows)[1][0].Get<int>("n") == 5);
  CHECK((*rows)[2].size() == 2);
  CHECK((*rows)[2][1].Get<int>("id") == 2);
  // Behind what nobody reads, whose rows are not among theirs.
  REQUIRE_OK(database.Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(database.Execute("UPDATE counter SET n = n * 2 WHERE id = $1", 1));
    const auto inside = ask();
    RETURN_IF_ERROR(inside.status());
    CHECK(inside->size() == 3);
    CHECK((*inside)[1][0].Get<int>("n") == 15);
    return absl::OkStatus();
  }));
}

TEST_CASE("of statements that go together none is done if one fails, and none is left for the next call") {
  Counters counters(1);
  Database& database = counters.database();
  const auto failed = database.QueryTogether({{"UPDATE counter SET n = 7 WHERE id = $1", {1}},
                                              {"INSERT INTO counter (id, n) VALUES ($1, 0)", {2}},
                                              {"UPDATE counter SET n = 9 WHERE id = $1", {2}}});
  CHECK(ViolatedConstraint(failed.status()) == "counter_id_key");
  CHECK_REFUSED(database.QueryTogether({{"UPDATE counter SET n = 7 WHERE id = $1", {1}},
                                        {"SELECT $1::text", {std::string(1, '\0')}}}),
                "REQUEST_INVALID");
  CHECK(counters.Read(1) == 0);
  CHECK(counters.Read(2) == 0);
}

TEST_CASE("a transaction of statements that nobody reads is one") {
  Counters counters(1);
  Database& database = counters.database();
  const auto both = [&](int id) {
    return database.Transact([&]() -> absl::Status {
      RETURN_IF_ERROR(database.Execute("UPDATE counter SET n = n + 1 WHERE id = $1", 1));
      return database.Execute("INSERT INTO counter (id, n) VALUES ($1, 0)", id);
    });
  };
  CHECK(ViolatedConstraint(both(2)) == "counter_id_key");
  CHECK(counters.Read(1) == 0);
  REQUIRE_OK(both(3));
  CHECK(counters.Read(1) == 1);
  // The same transaction wrote both.
  const auto rows = database.Query("SELECT count(DISTINCT xmin::text) AS n FROM counter WHERE id IN (1, 3)");
  CHECK((*rows)[0].Get<int64_t>("n") == 1);
}

TEST_CASE("a function of the schema may refuse, and nothing of its transaction is done") {
  Counters counters(1);
  Database& database = counters.database();
  REQUIRE_OK(
      database.Query("CREATE FUNCTION guard(ok boolean) RETURNS void LANGUAGE plpgsql AS $$ BEGIN "
                     "IF NOT ok THEN RAISE EXCEPTION 'not you' USING ERRCODE = 'REFUS', HINT = "
                     "'COUNTER_LOCKED'; END IF; END $$"));
  const auto write = [&](bool ok) {
    return database.Transact([&]() -> absl::Status {
      RETURN_IF_ERROR(database.Execute("SELECT guard($1)", ok));
      return database.Execute("UPDATE counter SET n = n + 1 WHERE id = $1", 1);
    });
  };
  CHECK_REFUSED(write(false), "COUNTER_LOCKED");
  CHECK(counters.Read(1) == 0);
  REQUIRE_OK(write(true));
  CHECK(counters.Read(1) == 1);
}

}  // namespace
}  // namespace perennial::pg
