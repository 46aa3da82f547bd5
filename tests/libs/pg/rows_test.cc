#include "libs/pg/rows.h"

#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "tests/support/fakes.h"
#include "tests/support/postgres_fixture.h"
#include "tests/support/status_matchers.h"

namespace perennial::pg {
namespace {

using testing::PostgresFixture;

// Sends a value to Postgres and reads it back.
template <typename T>
T Echo(Database& database, const std::string& sql, const T& value) {
  const auto rows = database.Query(sql, value);
  REQUIRE_OK(rows);
  return (*rows)[0].template Get<T>("value");
}

TEST_CASE("values of every type come back as they went") {
  PostgresFixture postgres;
  Database& db = postgres.database();
  CHECK(Echo(db, "SELECT $1::bool AS value", true));
  CHECK_FALSE(Echo(db, "SELECT $1::bool AS value", false));
  CHECK(Echo(db, "SELECT $1::int AS value", -7) == -7);
  for (const int64_t value : {INT64_MIN, int64_t{0}, INT64_MAX})
    CHECK(Echo(db, "SELECT $1::bigint AS value", value) == value);
  testing::CountingIds ids;
  const Uuid id = ids.Next();
  CHECK(Echo(db, "SELECT $1::uuid AS value", id) == id);
  for (const CivilDate date : {CivilDate(2000, 2, 29), CivilDate(1969, 12, 31), CivilDate(2199, 12, 31)})
    CHECK(Echo(db, "SELECT $1::date AS value", date) == date);
  const Bytes bytes{std::string("\0\\x'\xff", 5)};
  CHECK(Echo(db, "SELECT $1::bytea AS value", bytes).value == bytes.value);
  CHECK(Echo(db, "SELECT $1::bytea AS value", Bytes{""}).value.empty());
}

TEST_CASE("a time keeps its microseconds, also before 1970") {
  PostgresFixture postgres;
  const absl::Time base = absl::FromCivil(absl::CivilSecond(2027, 1, 31, 23, 59, 59), absl::UTCTimeZone());
  for (const absl::Time time :
       {base, base + absl::Microseconds(1), base + absl::Microseconds(999'999),
        base + absl::Milliseconds(120), absl::UnixEpoch(), absl::UnixEpoch() - absl::Microseconds(1),
        absl::UnixEpoch() - absl::Hours(24 * 9000)})
    CHECK(Echo(postgres.database(), "SELECT $1::timestamptz AS value", time) == time);
  // Postgres has no nanoseconds: what is finer is dropped, never rounded into the future.
  CHECK(Echo(postgres.database(), "SELECT $1::timestamptz AS value", base + absl::Nanoseconds(1999)) ==
        base + absl::Microseconds(1));
}

TEST_CASE("a text comes back byte for byte, and is never read as SQL") {
  PostgresFixture postgres;
  Database& db = postgres.database();
  for (const std::string text :
       {"", "'", "''; DROP TABLE outbox; --", "\\", "\"", "$1", "é漢\U0001F600", "NULL", "a\nb\tc", "{a,b}"})
    CHECK(Echo(db, "SELECT $1::text AS value", text) == text);
}

TEST_CASE("a text with a NUL character is refused, not cut off") {
  PostgresFixture postgres;
  Database& db = postgres.database();
  const std::string text("ab\0cd", 5);
  CHECK_REFUSED(db.Query("SELECT $1::text AS value", text), "REQUEST_INVALID");
  CHECK_REFUSED(db.Query("SELECT $1::text[] AS value", std::vector<std::string>{text}), "REQUEST_INVALID");
  CHECK(Echo(db, "SELECT $1::bytea AS value", Bytes{text}).value == text);
}

TEST_CASE("NULL is nothing, in and out") {
  PostgresFixture postgres;
  const auto rows =
      postgres.database().Query("SELECT $1::text AS a, $2::bigint AS b, $3::uuid AS c, ''::text AS d",
                                std::nullopt, std::optional<int64_t>(), std::optional<Uuid>());
  REQUIRE_OK(rows);
  const Row row = (*rows)[0];
  CHECK_FALSE(row.Get<std::optional<std::string>>("a"));
  CHECK_FALSE(row.Get<std::optional<int64_t>>("b"));
  CHECK_FALSE(row.Get<std::optional<Uuid>>("c"));
  CHECK(row.Get<std::optional<std::string>>("d") == "");
}

TEST_CASE("arrays go over whole, in order, with any text in them") {
  PostgresFixture postgres;
  const std::vector<std::string> texts = {"", "a", "\"", "\\", "{}", ",", "NULL", "é", " b ", "'"};
  const auto rows = postgres.database().Query(
      "SELECT t FROM unnest($1::text[]) WITH ORDINALITY AS u(t, n) ORDER BY n", texts);
  REQUIRE_OK(rows);
  std::vector<std::string> read;
  for (const Row row : *rows) read.push_back(row.Get<std::string>("t"));
  CHECK(read == texts);

  testing::CountingIds ids;
  const std::vector<Uuid> some = {ids.Next(), ids.Next()};
  const auto counts = postgres.database().Query(
      "SELECT cardinality($1::uuid[]) AS ids, cardinality($2::bigint[]) AS numbers, "
      "(SELECT sum(n) FROM unnest($2::bigint[]) AS n) AS sum, $3::uuid = ANY($1) AS found",
      some, std::vector<int64_t>{-1, 5, INT64_MAX - 4}, some[1]);
  REQUIRE_OK(counts);
  CHECK((*counts)[0].Get<int>("ids") == 2);
  CHECK((*counts)[0].Get<int>("numbers") == 3);
  CHECK((*counts)[0].Get<int64_t>("sum") == INT64_MAX);
  CHECK((*counts)[0].Get<bool>("found"));
  const auto none =
      postgres.database().Query("SELECT 1 AS x WHERE $1::uuid = ANY($2)", some[0], std::vector<Uuid>());
  REQUIRE_OK(none);
  CHECK(none->empty());
}

TEST_CASE("arrays hold anything that is a parameter, and NULL where there is none") {
  PostgresFixture postgres;
  testing::CountingIds ids;
  const absl::Time time = absl::FromUnixMicros(1'800'000'000'123'456);
  const Uuid id = ids.Next();
  const auto rows = postgres.database().Query(
      "SELECT a, b, c, d, e FROM unnest($1::timestamptz[], $2::uuid[], $3::boolean[], $4::integer[], "
      "$5::text[]) "
      "WITH ORDINALITY AS u(a, b, c, d, e, n) ORDER BY n",
      std::vector<std::optional<absl::Time>>{time, std::nullopt},
      std::vector<std::optional<Uuid>>{std::nullopt, id}, std::vector<bool>{true, false},
      std::vector<int>{-1, 2}, std::vector<std::optional<std::string>>{"NULL", std::nullopt});
  REQUIRE_OK(rows);
  REQUIRE(rows->size() == 2);
  CHECK((*rows)[0].Get<std::optional<absl::Time>>("a") == time);
  CHECK((*rows)[0].Get<std::optional<Uuid>>("b") == std::nullopt);
  CHECK((*rows)[0].Get<bool>("c"));
  CHECK((*rows)[0].Get<int>("d") == -1);
  CHECK((*rows)[0].Get<std::optional<std::string>>("e") == "NULL");
  CHECK((*rows)[1].Get<std::optional<absl::Time>>("a") == std::nullopt);
  CHECK((*rows)[1].Get<std::optional<Uuid>>("b") == id);
  CHECK_FALSE((*rows)[1].Get<bool>("c"));
  CHECK((*rows)[1].Get<int>("d") == 2);
  CHECK((*rows)[1].Get<std::optional<std::string>>("e") == std::nullopt);
}

TEST_CASE("an array is of its values' own type; of literals, of the statement's") {
  PostgresFixture postgres;
  Database& db = postgres.database();
  const auto rows = db.Query(
      "SELECT a, b, c->>'k' AS c, d + 1 AS d FROM unnest($1::bytea[], $2::date[], $3::jsonb[], "
      "$4::numeric[]) "
      "WITH ORDINALITY AS u(a, b, c, d, n) ORDER BY n",
      std::vector<Bytes>{{std::string("a\0b", 3)}, {""}},
      std::vector<CivilDate>{CivilDate(1999, 12, 31), CivilDate(2400, 2, 29)},
      std::vector<std::optional<Literal>>{std::nullopt, Literal{R"({"k": "\"it\", \\"})"}},
      std::vector<Literal>{{"12345678901234567890123456789"}, {"-1"}});
  REQUIRE_OK(rows);
  REQUIRE(rows->size() == 2);
  CHECK((*rows)[0].Get<Bytes>("a").value == std::string("a\0b", 3));
  CHECK((*rows)[1].Get<Bytes>("a").value.empty());
  CHECK((*rows)[0].Get<CivilDate>("b") == CivilDate(1999, 12, 31));
  CHECK((*rows)[1].Get<CivilDate>("b") == CivilDate(2400, 2, 29));
  CHECK((*rows)[0].Get<std::optional<std::string>>("c") == std::nullopt);
  CHECK((*rows)[1].Get<std::string>("c") == R"("it", \)");
  CHECK((*rows)[0].Get<std::string>("d") == "12345678901234567890123456790");
  CHECK((*rows)[1].Get<std::string>("d") == "0");

  // Nothing but NULLs is of any type.
  const auto nulls = db.Query("SELECT cardinality($1::uuid[]) AS some, cardinality($2::date[]) AS none",
                              std::vector<std::optional<Uuid>>(2), std::vector<CivilDate>());
  REQUIRE_OK(nulls);
  CHECK((*nulls)[0].Get<int>("some") == 2);
  CHECK((*nulls)[0].Get<int>("none") == 0);

  CHECK_FALSE(db.Query("SELECT $1::integer[] AS value", std::vector<int64_t>{1}).ok());
}

TEST_CASE("times and dates of an array are those of a single parameter") {
  PostgresFixture postgres;
  CHECK(rc::check("round trip", [&] {
    const absl::Time time =
        absl::FromUnixMicros(*rc::gen::inRange<int64_t>(-30'000'000'000'000'000, 250'000'000'000'000'000));
    const CivilDate date = DateAt(time, absl::UTCTimeZone());
    const auto rows = postgres.database().Query(
        "SELECT t, $2::timestamptz = t AS same_time, $4::date = d AS same_date FROM "
        "unnest($1::timestamptz[], "
        "$3::date[]) AS u (t, d)",
        std::vector<absl::Time>{time}, time, std::vector<CivilDate>{date}, date);
    RC_ASSERT(rows.ok());
    RC_ASSERT((*rows)[0].Get<absl::Time>("t") == time);
    RC_ASSERT((*rows)[0].Get<bool>("same_time"));
    RC_ASSERT((*rows)[0].Get<bool>("same_date"));
  }));
  // A time that Postgres has no room for is an error, not another time.
  for (absl::Time time : {absl::InfinitePast(), absl::InfiniteFuture()})
    CHECK_FALSE(
        postgres.database().Query("SELECT $1::timestamptz[] AS t", std::vector<absl::Time>{time}).ok());
}

TEST_CASE("a batch's rows go over as columns, one statement for all; none for no rows") {
  PostgresFixture postgres;
  Database& database = postgres.database();
  REQUIRE_OK(database.Query("CREATE TABLE thing (id integer PRIMARY KEY, name text, at timestamptz)"));
  constexpr char kInsert[] =
      "INSERT INTO thing (id, name, at) SELECT n.id, n.name, n.at FROM unnest($1::integer[], $2::text[], "
      "$3::timestamptz[]) AS n (id, name, at)";
  REQUIRE_OK(database.Execute(kInsert, Columns()));
  Columns rows;
  for (int i = 0; i < 500; ++i) {
    rows.AddRow(i, i % 2 == 0 ? std::optional<std::string>("it's \"it\", {really}") : std::nullopt,
                absl::UnixEpoch() + absl::Seconds(i));
  }
  REQUIRE_OK(database.Execute(kInsert, rows));
  const auto seen = database.Query(
      "SELECT count(*) AS count, count(name) AS named, max(name) AS name, max(at) AS at FROM thing");
  REQUIRE_OK(seen);
  CHECK((*seen)[0].Get<int>("count") == 500);
  CHECK((*seen)[0].Get<int>("named") == 250);
  CHECK((*seen)[0].Get<std::string>("name") == "it's \"it\", {really}");
  CHECK((*seen)[0].Get<absl::Time>("at") == absl::UnixEpoch() + absl::Seconds(499));
}

TEST_CASE("a batch of ids costs what it names, however few rows the table has") {
  PostgresFixture postgres;
  Database& database = postgres.database();
  REQUIRE_OK(database.Query("CREATE TABLE thing (id integer PRIMARY KEY)"));
  REQUIRE_OK(database.Query("INSERT INTO thing SELECT generate_series(1, 2000)"));
  REQUIRE_OK(database.Query("ANALYZE thing"));
  const auto plan = database.Query(
      "EXPLAIN SELECT t.id FROM unnest($1::integer[]) AS n (id) JOIN thing t ON t.id = n.id FOR UPDATE OF t",
      std::vector<int>(500, 7));
  REQUIRE_OK(plan);
  std::string text;
  for (const Row row : *plan) text += row.Get<std::string>("QUERY PLAN") + "\n";
  INFO(text);
  CHECK(text.find("Index Scan using thing_pkey") != std::string::npos);
  CHECK(text.find("Seq Scan") == std::string::npos);
}

TEST_CASE("thousands of statements travel along, with answers larger than a socket's buffers") {
  PostgresFixture postgres;
  Database& database = postgres.database();
  REQUIRE_OK(database.Query("CREATE TABLE thing (id integer PRIMARY KEY)"));
  REQUIRE_OK(database.Transact([&]() -> absl::Status {
    for (int i = 0; i < 3000; ++i) {
      RETURN_IF_ERROR(database.Execute("INSERT INTO thing (id) VALUES ($1) RETURNING repeat('x', 4000)", i));
    }
    return absl::OkStatus();
  }));
  CHECK((*database.Query("SELECT count(*) AS count FROM thing"))[0].Get<int>("count") == 3000);
}

TEST_CASE("any time goes over as it is, to the microsecond") {
  PostgresFixture postgres;
  CHECK(rc::check("round trip", [&] {
    const absl::Time time =
        absl::FromUnixMicros(*rc::gen::inRange<int64_t>(-62'000'000'000'000'000, 380'000'000'000'000'000));
    const auto rows = postgres.database().Query("SELECT $1::timestamptz AS t", time);
    RC_ASSERT(rows.ok());
    RC_ASSERT((*rows)[0].Get<absl::Time>("t") == time);
  }));
}

TEST_CASE("any text of a text array comes back") {
  PostgresFixture postgres;
  CHECK(rc::check("round trip", [&] {
    const auto texts = *rc::gen::container<std::vector<std::string>>(
        rc::gen::container<std::string>(rc::gen::element('a', '"', '\\', '{', '}', ',', ' ', '\'', '\n')));
    const auto rows = postgres.database().Query(
        "SELECT t FROM unnest($1::text[]) WITH ORDINALITY AS u(t, n) ORDER BY n", texts);
    RC_ASSERT(rows.ok());
    RC_ASSERT(static_cast<size_t>(rows->size()) == texts.size());
    for (size_t i = 0; i < texts.size(); ++i)
      RC_ASSERT((*rows)[static_cast<int>(i)].Get<std::string>("t") == texts[i]);
  }));
}

}  // namespace
}  // namespace perennial::pg
