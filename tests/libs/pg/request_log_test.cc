#include "libs/pg/request_log.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "tests/support/fakes.h"
#include "tests/support/postgres_fixture.h"
#include "tests/support/status_matchers.h"

namespace perennial::pg {
namespace {

class Log : public testing::PostgresFixture {
 public:
  Log() : PostgresFixture("", 16), log(database(), clock) {
    REQUIRE_OK(database().Query("CREATE TABLE effect (id int PRIMARY KEY)"));
  }
  // Inserts the effect; answers its id.
  absl::StatusOr<std::string> Do(const RequestKey& key, int id) {
    return log.Once(key, [&]() -> absl::StatusOr<std::string> {
      RETURN_IF_ERROR(database().Query("INSERT INTO effect (id) VALUES ($1)", id).status());
      return std::to_string(id);
    });
  }
  int Effects() {
    const auto rows = database().Query("SELECT count(*) AS n FROM effect");
    REQUIRE_OK(rows);
    return (*rows)[0].Get<int>("n");
  }

  testing::FakeClock clock;
  testing::CountingIds ids;
  PostgresRequestLog log;
};

TEST_CASE("the answer to a request is remembered, whatever bytes it has") {
  Log log;
  const RequestKey key{"account/1", log.ids.Next(), "S/M", std::string("\0hash\xff", 6)};
  const auto nothing = log.log.Find(key);
  REQUIRE_OK(nothing);
  CHECK_FALSE(nothing->has_value());
  const std::string answer("\0\xff'\\", 4);
  REQUIRE_OK(log.log.Once(key, [&]() -> absl::StatusOr<std::string> { return answer; }));
  CHECK(**log.log.Find(key) == answer);
}

TEST_CASE("sixteen threads with one request have one effect and one answer") {
  Log log;
  for (int round = 0; round < 5; ++round) {
    const RequestKey key{"account/1", log.ids.Next(), "S/M", "hash"};
    std::atomic<int> next{round * 100};
    std::atomic<int> same{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 16; ++i) {
      threads.emplace_back([&] {
        const auto mine = log.Do(key, ++next);
        const auto stored = log.log.Find(key);
        if (mine.ok() && stored.ok() && stored->has_value() && *mine == **stored) ++same;
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(same == 16);
    CHECK(log.Effects() == round + 1);
  }
}

TEST_CASE("a twin that stumbles over the winner's own effect gets the winner's answer") {
  Log log;
  const RequestKey key{"account/1", log.ids.Next(), "S/M", "hash"};
  std::atomic<int> same{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      const auto mine = log.Do(key, 7);  // all insert the same row: its constraint, not the log's, is hit
      if (mine.ok() && *mine == "7") ++same;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(same == 16);
  CHECK(log.Effects() == 1);
}

TEST_CASE("the same id for another request is refused") {
  Log log;
  const RequestKey key{"account/1", log.ids.Next(), "S/M", "hash"};
  REQUIRE_OK(log.Do(key, 1));
  RequestKey other_content = key;
  other_content.hash = "other";
  RequestKey other_method = key;
  other_method.method = "S/N";
  CHECK_REFUSED(log.log.Find(other_content), "REQUEST_ID_REUSED");
  CHECK_REFUSED(log.log.Find(other_method), "REQUEST_ID_REUSED");
  CHECK_REFUSED(log.Do(other_content, 2), "REQUEST_ID_REUSED");
  CHECK(log.Effects() == 1);
}

TEST_CASE("ids of others are not seen") {
  Log log;
  const RequestKey key{"account/1", log.ids.Next(), "S/M", "hash"};
  RequestKey other = key;
  other.scope = "account/2";
  other.hash = "other";
  REQUIRE_OK(log.Do(key, 1));
  const auto found = log.log.Find(other);
  REQUIRE_OK(found);
  CHECK_FALSE(found->has_value());
  REQUIRE_OK(log.Do(other, 2));
  CHECK(**log.log.Find(key) == "1");
}

TEST_CASE("a refusal is not remembered, and leaves no effect") {
  Log log;
  const RequestKey key{"account/1", log.ids.Next(), "S/M", "hash"};
  CHECK_REFUSED(
      log.log.Once(key,
                   [&]() -> absl::StatusOr<std::string> {
                     RETURN_IF_ERROR(log.database().Query("INSERT INTO effect (id) VALUES (1)").status());
                     return Precondition("QUOTE_EXPIRED", "");
                   }),
      "QUOTE_EXPIRED");
  CHECK(log.Effects() == 0);
  REQUIRE_OK(log.Do(key, 1));
}

TEST_CASE("answers are kept for 48 hours and then forgotten, batch by batch") {
  Log log;
  for (int i = 0; i < 1100; ++i) {
    const RequestKey key{"account/1", log.ids.Next(), "S/M", "hash"};
    REQUIRE_OK(log.log.Once(key, [&]() -> absl::StatusOr<std::string> { return std::string("x"); }));
  }
  log.clock.Advance(absl::Hours(1));
  const RequestKey young{"account/1", log.ids.Next(), "S/M", "hash"};
  REQUIRE_OK(log.Do(young, 1));
  log.clock.Advance(absl::Hours(47));
  CHECK(*log.log.Purge() == 0);
  log.clock.Advance(absl::Seconds(1));
  CHECK(*log.log.Purge() == 1000);
  CHECK(*log.log.Purge() == 100);
  CHECK(*log.log.Purge() == 0);
  CHECK(log.log.Find(young)->has_value());
}

}  // namespace
}  // namespace perennial::pg
