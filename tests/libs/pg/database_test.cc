#include "libs/pg/database.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <pqxx/pqxx>
#include <stdexcept>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/barrier.h"
#include "absl/time/clock.h"
#include "libs/base/call_scope.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "tests/libs/pg/counters.h"
#include "tests/support/status_matchers.h"

namespace perennial::pg {
namespace {

using testing::PostgresFixture;

TEST_CASE("a transaction commits when its body returns OK, and only then") {
  Counters counters;
  REQUIRE_OK(counters.database().Transact([&] { return counters.Add(1); }));
  CHECK(counters.Read(1) == 1);
  const absl::Status refused = counters.database().Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(counters.Add(1));
    CHECK(counters.Read(1) == 2);  // it sees its own change
    return Precondition("QUOTE_EXPIRED", "");
  });
  CHECK(ReasonOf(refused) == "QUOTE_EXPIRED");
  CHECK(counters.Read(1) == 1);
}

TEST_CASE("a nested transaction is part of the outer one") {
  Counters counters(1);  // one connection: a transaction of its own would wait for ever
  CHECK(ReasonOf(counters.database().Transact([&]() -> absl::Status {
          RETURN_IF_ERROR(counters.database().Transact([&] { return counters.Add(1); }));
          return Precondition("QUOTE_EXPIRED", "");
        })) == "QUOTE_EXPIRED");
  CHECK(counters.Read(1) == 0);
  REQUIRE_OK(counters.database().Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(counters.Add(1));
    return counters.database().Transact([&] { return counters.Add(2); });
  }));
  CHECK(counters.Read(1) == 1);
  CHECK(counters.Read(2) == 1);
}

TEST_CASE("a body that swallows a failed statement cannot commit") {
  Counters counters;
  const absl::Status status = counters.database().Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(counters.Add(1));
    CHECK_FALSE(counters.database().Query("INSERT INTO counter (id, n) VALUES (1, 5)").ok());
    return absl::OkStatus();
  });
  CHECK_FALSE(status.ok());
  CHECK(counters.Read(1) == 0);
}

TEST_CASE("a body that swallows a passed deadline or a bad text cannot commit either") {
  Counters counters;
  const absl::Status late = counters.database().Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(counters.Add(1));
    const CallScope over(absl::Now() - absl::Seconds(1), "");
    CHECK_REFUSED(counters.Add(2), "DEADLINE_PASSED");
    return absl::OkStatus();
  });
  CHECK_REFUSED(late, "DEADLINE_PASSED");
  const absl::Status bad = counters.database().Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(counters.Add(1));
    counters.database().Query("SELECT $1::text AS t", std::string(1, '\0')).status().IgnoreError();
    return absl::OkStatus();
  });
  CHECK_REFUSED(bad, "REQUEST_INVALID");
  CHECK(counters.Read(1) == 0);
}

TEST_CASE("a body that throws is rolled back and leaves no transaction behind") {
  Counters counters(1);
  CHECK_THROWS_AS(counters.database().Transact([&]() -> absl::Status {
    CHECK(counters.Add(1).ok());
    throw std::runtime_error("a bug");
  }),
                  std::runtime_error);
  // On the same, only connection: a commit of what follows must not commit what threw.
  REQUIRE_OK(counters.Add(2));
  REQUIRE_OK(counters.database().Transact([&] { return counters.Add(2); }));
  CHECK(counters.Read(1) == 0);
  CHECK(counters.Read(2) == 2);
}

TEST_CASE("a transaction in which nothing is asked leaves nothing behind") {
  Counters counters(1);
  REQUIRE_OK(counters.database().Transact([] { return absl::OkStatus(); }));
  CHECK_FALSE(counters.database().Transact([] { return absl::InternalError("no"); }).ok());
  REQUIRE_OK(counters.Add(1));
  CHECK(counters.Read(1) == 1);
}

TEST_CASE("a unique violation names its constraint") {
  Counters counters;
  const auto twice = counters.database().Query("INSERT INTO counter (id, n) VALUES (1, 0)");
  CHECK(twice.status().code() == absl::StatusCode::kAlreadyExists);
  CHECK(ViolatedConstraint(twice.status()) == "counter_id_key");
  CHECK(ViolatedConstraint(absl::OkStatus()).empty());
  CHECK(ViolatedConstraint(absl::AlreadyExistsError("x")).empty());
}

TEST_CASE("any other refusal of Postgres is a fault of ours that says nothing outside") {
  Counters counters;
  const auto status = counters.database().Query("SELECT secret FROM nowhere").status();
  CHECK(status.code() == absl::StatusCode::kInternal);
  CHECK(ReasonOf(status).empty());
  CHECK_FALSE(absl::StrContains(std::string(status.message()), "nowhere"));
  CHECK(counters.Read(1) == 0);  // and the connection is still good
}

TEST_CASE("many threads in one pool neither lose nor repeat a change") {
  Counters counters(4);
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i)
        counters.database()
            .Transact([&]() -> absl::Status {
              RETURN_IF_ERROR(counters.Add(1));
              return counters.Add(2);
            })
            .IgnoreError();
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(counters.Read(1) == 400);
  CHECK(counters.Read(2) == 400);
}

TEST_CASE("a deadlock is run again, and both sides come through") {
  Counters counters;
  absl::Barrier* both = new absl::Barrier(2);
  std::atomic<int> runs{0};
  absl::Status results[2];
  const auto work = [&](int first, int second, absl::Status& result) {
    bool met = false;
    result = counters.database().Transact([&]() -> absl::Status {
      ++runs;
      RETURN_IF_ERROR(counters.Add(first));
      if (!met) {
        met = true;
        if (both->Block()) delete both;  // now each holds what the other wants
      }
      return counters.Add(second);
    });
  };
  std::thread other([&] { work(1, 2, results[0]); });
  work(2, 1, results[1]);
  other.join();
  REQUIRE_OK(results[0]);
  REQUIRE_OK(results[1]);
  CHECK(runs >= 3);
  CHECK(counters.Read(1) == 2);
  CHECK(counters.Read(2) == 2);
}

TEST_CASE("a serialization failure is run again") {
  Counters counters;
  int runs = 0;
  REQUIRE_OK(counters.database().Transact([&]() -> absl::Status {
    ++runs;
    RETURN_IF_ERROR(counters.database().Query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").status());
    RETURN_IF_ERROR(counters.database().Query("SELECT n FROM counter WHERE id = 1").status());
    if (runs == 1) std::thread([&] { CHECK(counters.Add(1).ok()); }).join();
    return counters.Add(1);
  }));
  CHECK(runs == 2);
  CHECK(counters.Read(1) == 2);
}

TEST_CASE("what never stops colliding ends as ABORTED, with a reason") {
  Counters counters;
  int runs = 0;
  const absl::Status status = counters.database().Transact([&]() -> absl::Status {
    ++runs;
    RETURN_IF_ERROR(counters.database().Query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").status());
    RETURN_IF_ERROR(counters.database().Query("SELECT n FROM counter WHERE id = 1").status());
    std::thread([&] { CHECK(counters.Add(1).ok()); }).join();
    return counters.Add(1);
  });
  CHECK(status.code() == absl::StatusCode::kAborted);
  CHECK_REFUSED(status, "REQUEST_IN_PROGRESS");
  CHECK(runs == 5);
  CHECK(counters.Read(1) == 5);
}

TEST_CASE("a statement is not waited for beyond the call's deadline") {
  Counters counters;
  const absl::Time start = absl::Now();
  {
    const CallScope scope(start + absl::Milliseconds(60), "");
    CHECK_REFUSED(counters.database().Query("SELECT pg_sleep(20)"), "DEADLINE_PASSED");
  }
  CHECK(absl::Now() - start < absl::Seconds(10));
  const CallScope over(absl::Now() - absl::Seconds(1), "");
  CHECK_REFUSED(counters.Add(1), "DEADLINE_PASSED");
}

TEST_CASE("a short deadline of one call does not fall on the next call of that connection") {
  Counters counters(1);
  {
    const CallScope hurried(absl::Now() + absl::Milliseconds(60), "");
    // The time-out is set inside the transaction, so its rollback also undoes the setting.
    CHECK_FALSE(counters.database()
                    .Transact([&]() -> absl::Status {
                      RETURN_IF_ERROR(counters.Add(1));
                      return Precondition("QUOTE_EXPIRED", "");
                    })
                    .ok());
  }
  const auto timeout_of = [&](absl::Duration left) {
    const CallScope scope(absl::Now() + left, "");
    const auto rows = counters.database().Query("SELECT current_setting('statement_timeout') AS t");
    REQUIRE_OK(rows);
    return (*rows)[0].Get<std::string>("t");
  };
  CHECK(timeout_of(absl::Seconds(20)) == "30s");
  CHECK(timeout_of(absl::Seconds(4)) == "5s");
  {
    const CallScope patient(absl::Now() + absl::Seconds(20), "");
    CHECK_FALSE(counters.database()
                    .Transact([&]() -> absl::Status {
                      RETURN_IF_ERROR(counters.Add(1));
                      return Precondition("QUOTE_EXPIRED", "");
                    })
                    .ok());
  }
  CHECK(timeout_of(absl::Seconds(20)) == "30s");
}

TEST_CASE("a short deadline goes with the transaction whose commit fails") {
  Counters counters(1);
  Database& database = counters.database();
  REQUIRE_OK(database.Query("CREATE TABLE late (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)"));
  const CallScope scope(absl::Now() + absl::Milliseconds(5050), "");  // 5 s: a step
  CHECK(ViolatedConstraint(database.Transact([&] {
          database.Query("SELECT pg_sleep(0.1)").status().IgnoreError();
          return database.Execute("INSERT INTO late (id) VALUES (1), (1)");
        })) == "late_id_key");
  const auto now = database.Query("SELECT current_setting('statement_timeout') AS t");
  CHECK((*now)[0].Get<std::string>("t") == "5s");
}

TEST_CASE("a full pool is waited for until the deadline, not longer") {
  Counters counters(1);
  absl::Status starved;
  const absl::Status status = counters.database().Transact([&]() -> absl::Status {
    std::thread([&] {
      const CallScope scope(absl::Now() + absl::Milliseconds(30), "");
      starved = counters.Add(2);
    }).join();
    return counters.Add(1);
  });
  REQUIRE_OK(status);
  CHECK_REFUSED(starved, "DEADLINE_PASSED");
  CHECK(counters.Read(1) == 1);
}

// Ends all sessions of the fixture, as a restart of the server does.
TEST_CASE("a lost connection is UNAVAILABLE, and the next call has a new one") {
  Counters counters(4);
  std::vector<std::thread> threads;  // fill the pool with idle connections
  absl::Barrier* all = new absl::Barrier(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      counters.database()
          .Transact([&] {
            if (all->Block()) delete all;
            return counters.Add(1);
          })
          .IgnoreError();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EndSessions(counters);
  CHECK_REFUSED(counters.Add(1), "SERVICE_UNAVAILABLE");
  REQUIRE_OK(counters.Add(1));
  CHECK(counters.Read(1) == 5);
}

TEST_CASE("a connection lost in the middle of a transaction loses all of it") {
  Counters counters(1);
  const absl::Status status = counters.database().Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(counters.Add(1));
    EndSessions(counters);
    // A client library that reconnected here would do the rest outside of any transaction.
    CHECK_REFUSED(counters.Add(2), "SERVICE_UNAVAILABLE");
    CHECK_REFUSED(counters.Add(2), "SERVICE_UNAVAILABLE");
    return absl::OkStatus();
  });
  CHECK_REFUSED(status, "SERVICE_UNAVAILABLE");
  CHECK(counters.Read(1) == 0);
  CHECK(counters.Read(2) == 0);
  const absl::Status at_commit = counters.database().Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(counters.Add(1));
    EndSessions(counters);
    return absl::OkStatus();
  });
  CHECK_REFUSED(at_commit, "SERVICE_UNAVAILABLE");
  CHECK(counters.Read(1) == 0);
}

TEST_CASE("a new connection has the session settings of the old one") {
  Counters counters(1);
  EndSessions(counters);
  counters.Add(1).IgnoreError();
  const auto rows = counters.database().Query("SELECT current_setting('TimeZone') AS zone");
  REQUIRE_OK(rows);
  CHECK((*rows)[0].Get<std::string>("zone") == "UTC");
}

TEST_CASE("a server that cannot be reached is UNAVAILABLE") {
  telemetry::Metrics metrics;
  Database nowhere("postgres://nobody@127.0.0.1:1/none", 2, metrics);
  for (int i = 0; i < 5; ++i) CHECK_REFUSED(nowhere.Query("SELECT 1 AS one"), "SERVICE_UNAVAILABLE");
  CHECK_REFUSED(nowhere.Transact([] { return absl::OkStatus(); }), "SERVICE_UNAVAILABLE");
}

bool IsStopped(int pid) {
  std::ifstream stat(absl::StrCat("/proc/", pid, "/stat"));
  std::string text;
  std::getline(stat, text);
  return absl::StrContains(text, ") T ");
}

TEST_CASE(
    "a Postgres that stops answering is given up a second after the time-out, and its session with it") {
  Counters counters(1);
  const auto session = counters.database().Query("SELECT pg_backend_pid() AS pid");
  REQUIRE_OK(session);
  const int pid = (*session)[0].Get<int>("pid");
  REQUIRE(kill(pid, SIGSTOP) == 0);
  while (!IsStopped(pid)) std::this_thread::yield();  // the signal is only on its way
  {
    const CallScope scope(absl::Now() + absl::Milliseconds(50), "");
    CHECK_REFUSED(counters.database().Query("SELECT 1 AS one"), "DEADLINE_PASSED");
  }
  REQUIRE(kill(pid, SIGCONT) == 0);
  const auto next = counters.database().Query("SELECT pg_backend_pid() AS pid");
  REQUIRE_OK(next);
  CHECK((*next)[0].Get<int>("pid") != pid);
}

TEST_CASE("a Postgres that takes connections and says nothing is UNAVAILABLE") {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  REQUIRE(bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(listen(listener, 1) == 0);
  REQUIRE(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  telemetry::Metrics metrics;
  Database silent(absl::StrCat("postgres://nobody@127.0.0.1:", ntohs(address.sin_port), "/none"), 2, metrics);
  CHECK_REFUSED(silent.Query("SELECT 1 AS one"), "SERVICE_UNAVAILABLE");
  close(listener);
}

TEST_CASE("ready means that the newest migration is there") {
  Counters counters;
  CHECK_FALSE(counters.database().CheckReady("20261123000000").ok());
  REQUIRE_OK(counters.database().Query("CREATE TABLE schema_migrations (version text PRIMARY KEY)"));
  CHECK_FALSE(counters.database().CheckReady("20261123000000").ok());
  REQUIRE_OK(counters.database().Query("INSERT INTO schema_migrations VALUES ('20261123000000')"));
  CHECK(counters.database().CheckReady("20261123000000").ok());
  CHECK_FALSE(counters.database().CheckReady("20261123000001").ok());
}

}  // namespace
}  // namespace perennial::pg
