#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/base/call_scope.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/events/inbox.h"
#include "libs/events/outbox.h"
#include "tests/support/fakes.h"
#include "tests/support/postgres_fixture.h"
#include "tests/support/redis.h"
#include "tests/support/status_matchers.h"

namespace perennial::events {
namespace {

// A producer and a consumer, each with its own schema, and a real Redis between them.
class Road {
 public:
  Road()
      : service(testing::UniqueName("road")),
        redis(testing::ConnectRedis()),
        relay(service, producer.database(), *redis, clock, producer.metrics()),
        inbox(MakeInbox(*redis)) {}

  Inbox MakeInbox(redis::Client& client) {
    return Inbox(service, consumer.database(), client, clock, OnlyOf({"product.expired"}),
                 [this](const std::vector<Event>& events) { return Take(events); });
  }
  Event NewEvent(const std::string& type = "product.expired") {
    return {
        ids.Next(), type, ids.Next(), "accounts/a/products/p", clock.Now(), {{"n", absl::StrCat(++made)}}};
  }
  void Publish(int count) {
    REQUIRE_OK(producer.database().Transact([&]() -> absl::Status {
      std::vector<Event> events;
      for (int i = 0; i < count; ++i) events.push_back(NewEvent());
      return producer.outbox().Add(events);
    }));
  }
  // Moves everything that waits, and checks that it comes to rest.
  void Settle() {
    for (int i = 0; i < 100; ++i) {
      const auto relayed = relay.RunOnce();
      const auto received = inbox.RunOnce();
      REQUIRE_OK(relayed);
      REQUIRE_OK(received);
      if (*relayed + *received == 0) return;
    }
    FAIL("never came to rest");
  }
  std::string Numbers() {
    std::string text;
    std::lock_guard lock(mutex);
    for (const Event& event : taken) absl::StrAppend(&text, event.attributes.at("n"), " ");
    return text;
  }
  // "1 2 3 " up to `last`.
  static std::string UpTo(int last) {
    std::string text;
    for (int i = 1; i <= last; ++i) absl::StrAppend(&text, i, " ");
    return text;
  }
  std::string stream() const { return StreamOf(service); }
  int StreamLength() { return static_cast<int>(redis->Run({"XLEN", stream()})->integer); }
  // What emptying Redis does to this road; other tests may run beside this one.
  void Flush() { REQUIRE_OK(redis->Run({"DEL", stream(), GenerationOf(stream())})); }

  testing::FakeClock clock;
  testing::CountingIds ids;
  testing::PostgresFixture producer;
  testing::PostgresFixture consumer;
  std::string service;
  std::unique_ptr<redis::Client> redis;
  Relay relay;
  Inbox inbox;
  absl::Status refuse;  // what the handler answers
  std::mutex mutex;
  std::vector<Event> taken;
  std::vector<int> batches;
  int made = 0;

 private:
  absl::Status Take(const std::vector<Event>& events) {
    RETURN_IF_ERROR(refuse);
    std::lock_guard lock(mutex);
    taken.insert(taken.end(), events.begin(), events.end());
    batches.push_back(static_cast<int>(events.size()));
    return absl::OkStatus();
  }
};

TEST_CASE("an event arrives as it was written") {
  Road road;
  Event event = road.NewEvent();
  event.attributes["text"] = "\"quoted\" é\n{}";
  event.attributes["empty"] = "";
  event.occurred_at = road.clock.Now() + absl::Milliseconds(7);
  REQUIRE_OK(road.producer.outbox().Add({event}));
  road.Settle();
  REQUIRE(road.taken.size() == 1);
  const Event& got = road.taken[0];
  CHECK(got.id == event.id);
  CHECK(got.type == event.type);
  CHECK(got.account_id == event.account_id);
  CHECK(got.subject == event.subject);
  CHECK(got.occurred_at == event.occurred_at);
  CHECK(got.attributes == event.attributes);
}

TEST_CASE("events arrive once each, in order, over many batches") {
  Road road;
  road.Publish(1100);
  road.Settle();
  road.Publish(3);
  road.Settle();
  CHECK(road.Numbers() == Road::UpTo(1103));
}

TEST_CASE("an event is part of its transaction") {
  Road road;
  CHECK_FALSE(road.producer.database()
                  .Transact([&]() -> absl::Status {
                    RETURN_IF_ERROR(road.producer.outbox().Add({road.NewEvent()}));
                    return Precondition("QUOTE_EXPIRED", "");
                  })
                  .ok());
  road.Settle();
  CHECK(road.taken.empty());
}

TEST_CASE("a fact told again is dropped, and spoils nothing of its transaction") {
  Road road;
  const Event event = road.NewEvent();
  REQUIRE_OK(road.producer.outbox().Add({event}));
  REQUIRE_OK(road.producer.database().Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(road.producer.outbox().Add({event}));
    return road.producer.outbox().Add({road.NewEvent()});
  }));
  road.Settle();
  CHECK(road.Numbers() == Road::UpTo(2));
}

TEST_CASE("an event with bytes that are no text still travels") {
  Road road;
  Event event = road.NewEvent();
  event.attributes["text"] = "cut \xc3";
  REQUIRE_OK(road.producer.outbox().Add({event}));
  road.Settle();
  REQUIRE(road.taken.size() == 1);
  CHECK(road.taken[0].attributes["text"].substr(0, 4) == "cut ");
}

TEST_CASE("a Redis that was emptied is filled again, and repeats are dropped") {
  Road road;
  road.Publish(5);
  road.Settle();
  road.Publish(5);
  REQUIRE_OK(road.relay.RunOnce());
  road.Flush();  // 6 to 10 were relayed and not yet taken
  road.Publish(5);
  road.Settle();
  CHECK(road.Numbers() == Road::UpTo(15));
  CHECK(road.StreamLength() == 15);
}

TEST_CASE("events arrive even if the new Redis has an older clock") {
  Road road;
  road.Publish(2);
  road.Settle();
  road.Flush();
  // As a Redis whose clock is at 1970 would number them.
  road.Publish(2);
  REQUIRE_OK(road.relay.RunOnce());
  const auto entries = road.redis->Run({"XRANGE", road.stream(), "-", "+"});
  REQUIRE_OK(entries);
  REQUIRE_OK(road.redis->Run({"DEL", road.stream()}));
  int id = 0;
  for (const auto& entry : entries->array) {
    redis::Command add = {"XADD", road.stream(), absl::StrCat(++id, "-0")};
    for (const auto& field : entry.array[1].array) add.push_back(field.text);
    REQUIRE_OK(road.redis->Run(add));
  }
  road.Settle();
  CHECK(road.Numbers() == Road::UpTo(4));
}

TEST_CASE("a relay killed while it resends does so again") {
  Road road;
  road.Publish(3);
  road.Settle();
  road.Flush();
  // The marker cannot be set: Redis goes away right after it was asked. All is as before, nothing is lost.
  REQUIRE_OK(road.redis->Run({"SET", road.stream(), "not a stream"}));
  CHECK_FALSE(road.relay.RunOnce().ok());
  CHECK_FALSE(road.relay.RunOnce().ok());
  REQUIRE_OK(road.redis->Run({"DEL", road.stream()}));
  road.Publish(1);
  road.Settle();
  CHECK(road.StreamLength() == 4);
  CHECK(road.Numbers() == Road::UpTo(4));
}

TEST_CASE("a relay killed between sending and remembering sends twice; the inbox takes once") {
  Road road;
  road.Publish(4);
  REQUIRE_OK(road.relay.RunOnce());
  // As if its commit had never happened.
  REQUIRE_OK(road.producer.database().Query("UPDATE outbox SET relayed_at = NULL"));
  road.Settle();
  CHECK(road.StreamLength() == 8);
  CHECK(road.Numbers() == Road::UpTo(4));
}

TEST_CASE("while Redis is away facts wait, and none is lost") {
  Road road;
  auto nowhere = *redis::Client::ForUrl("redis://127.0.0.1:1");
  Relay lost(road.service, road.producer.database(), *nowhere, road.clock, road.producer.metrics());
  road.Publish(3);
  CHECK_REFUSED(lost.RunOnce(), "SERVICE_UNAVAILABLE");
  road.Publish(3);
  CHECK_REFUSED(lost.RunOnce(), "SERVICE_UNAVAILABLE");
  Inbox deaf = road.MakeInbox(*nowhere);
  CHECK_REFUSED(deaf.RunOnce(), "SERVICE_UNAVAILABLE");
  road.Settle();
  CHECK(road.Numbers() == Road::UpTo(6));
}

TEST_CASE("an event that cannot be handled now waits, and those after it as well") {
  Road road;
  road.Publish(3);
  REQUIRE_OK(road.relay.RunOnce());
  road.refuse = Unavailable("SERVICE_UNAVAILABLE", "not now");
  CHECK_REFUSED(road.inbox.RunOnce(), "SERVICE_UNAVAILABLE");
  CHECK(road.taken.empty());
  road.refuse = absl::OkStatus();
  road.Settle();
  CHECK(road.Numbers() == Road::UpTo(3));
}

// Effects in the database, as handlers have them; the event `poison` fails after its own.
class Effects {
 public:
  explicit Effects(Road& road) : road_(road) {
    REQUIRE_OK(Db().Query("CREATE TABLE effects (place bigserial, n text)"));
  }
  Inbox MakeInbox() {
    return Inbox(road_.service, Db(), *road_.redis, road_.clock, OnlyOf({"product.expired"}),
                 OneByOne([this](const Event& event) -> absl::Status {
                   const std::string& n = event.attributes.at("n");
                   RETURN_IF_ERROR(Db().Query("INSERT INTO effects (n) VALUES ($1)", n).status());
                   if (n == poison && throws) throw std::runtime_error("a row that cannot be read");
                   return n == poison ? absl::InternalError("poison") : absl::OkStatus();
                 }));
  }
  std::string Numbers() {
    return Text("SELECT string_agg(n || ' ', '' ORDER BY place) AS text FROM effects");
  }
  std::string Remembered() { return Text("SELECT count(*)::text AS text FROM inbox"); }

  std::string poison;
  bool throws = false;

 private:
  pg::Database& Db() { return road_.consumer.database(); }
  std::string Text(const char* sql) {
    const auto rows = Db().Query(sql);
    REQUIRE_OK(rows);
    return (*rows)[0].Get<std::optional<std::string>>("text").value_or("");
  }
  Road& road_;
};

TEST_CASE("many facts are taken in together, in one transaction") {
  Road road;
  road.Publish(1100);
  road.Settle();
  CHECK(road.batches == std::vector<int>{500, 500, 100});
}

TEST_CASE("a fact that cannot be handled holds up those behind it, not those before it in its batch") {
  Road road;
  Effects effects(road);
  Inbox inbox = effects.MakeInbox();
  effects.throws = GENERATE(false, true);
  effects.poison = "4";
  road.Publish(10);
  REQUIRE_OK(road.relay.RunOnce());
  for (int i = 0; i < 2; ++i) {
    if (effects.throws)
      CHECK_THROWS(inbox.RunOnce().status().IgnoreError());
    else
      CHECK_FALSE(inbox.RunOnce().ok());
    CHECK(effects.Numbers() == Road::UpTo(3));
    CHECK(effects.Remembered() == "3");
  }
  effects.poison = "";
  REQUIRE_OK(inbox.RunOnce());
  CHECK(effects.Numbers() == Road::UpTo(10));
  CHECK(*inbox.RunOnce() == 0);
}

TEST_CASE("facts that take too long together are taken one after the other, as many as there is time for") {
  Road road;
  std::vector<std::string> taken;
  Inbox inbox(road.service, road.consumer.database(), *road.redis, road.clock, OnlyOf({"product.expired"}),
              OneByOne([&](const Event& event) -> absl::Status {
                RETURN_IF_ERROR(road.consumer.database().Query("SELECT pg_sleep(0.1)").status());
                taken.push_back(event.attributes.at("n"));
                return absl::OkStatus();
              }));
  road.Publish(20);  // two seconds
  REQUIRE_OK(road.relay.RunOnce());
  for (int run = 0; run < 30; ++run) {
    const CallScope scope(absl::Now() + absl::Seconds(1), "");
    if (const auto read = inbox.RunOnce(); read.ok() && *read == 0) break;
  }
  CHECK(*inbox.RunOnce() == 0);
  CHECK(std::count(taken.begin(), taken.end(), "20") == 1);
}

TEST_CASE("facts of no interest are passed over, not remembered, and need not even be readable") {
  Road road;
  Effects effects(road);
  Inbox inbox = effects.MakeInbox();
  REQUIRE_OK(road.producer.outbox().Add(
      {road.NewEvent("product.renewed"), road.NewEvent(), road.NewEvent("product.renewed")}));
  REQUIRE_OK(road.relay.RunOnce());
  REQUIRE_OK(road.redis->Run({"XADD", road.stream(), "*", "type", "product.renewed", "attributes", "{"}));
  CHECK(*inbox.RunOnce() == 4);
  CHECK(*inbox.RunOnce() == 0);
  CHECK(effects.Numbers() == "2 ");
  CHECK(effects.Remembered() == "1");
}

TEST_CASE("a fact that is told twice in one statement is told once") {
  Road road;
  const Event event = road.NewEvent();
  REQUIRE_OK(road.producer.outbox().Add({event, road.NewEvent(), event}));
  REQUIRE_OK(road.producer.outbox().Add({}));
  road.Settle();
  CHECK(road.Numbers() == Road::UpTo(2));
}

TEST_CASE("an entry that is no event is passed over, however many there are") {
  Road road;
  road.Publish(1);
  REQUIRE_OK(road.relay.RunOnce());
  std::vector<redis::Command> commands;
  for (int i = 0; i < 1050; ++i)
    commands.push_back({"XADD", road.stream(), "*", "type", "product.expired", "event_id", "nonsense"});
  REQUIRE_OK(road.redis->RunAll(commands));
  road.Publish(1);
  road.Settle();
  CHECK(road.Numbers() == Road::UpTo(2));
}

TEST_CASE("relays and consumers of several processes at once do each fact once, in order") {
  Road road;
  REQUIRE_OK(road.relay.RunOnce());  // so that none takes Redis for emptied
  std::atomic<bool> done{false};
  const auto repeat = [&](auto run) {
    return std::thread([&done, run]() mutable {
      auto client = *redis::Client::ForUrl(testing::RedisUrl());
      while (!done) run(*client);
    });
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.push_back(repeat([&](redis::Client& client) {
      Relay relay(road.service, road.producer.database(), client, road.clock, road.producer.metrics());
      relay.RunOnce().status().IgnoreError();
    }));
    threads.push_back(
        repeat([&](redis::Client& client) { road.MakeInbox(client).RunOnce().status().IgnoreError(); }));
  }
  for (int i = 0; i < 60; ++i) road.Publish(5);
  const absl::Time give_up = absl::Now() + absl::Seconds(60);
  const auto taken = [&] {
    std::lock_guard lock(road.mutex);
    return road.taken.size();
  };
  while (taken() < 300 && absl::Now() < give_up) std::this_thread::yield();
  done = true;
  for (std::thread& thread : threads) thread.join();
  road.Settle();
  CHECK(road.Numbers() == Road::UpTo(300));
  CHECK(road.StreamLength() == 300);  // relays wait for each other, and do not repeat each other
}

TEST_CASE("what was relayed is kept for 7 days, what was received for 14; what waits is kept") {
  Road road;
  road.Publish(2);
  road.Settle();
  road.Publish(1);
  Relay consumers(road.service, road.consumer.database(), *road.redis, road.clock, road.consumer.metrics());
  road.clock.Advance(absl::Hours(24 * 7));
  CHECK(*road.relay.Purge() == 0);
  road.clock.Advance(absl::Seconds(1));
  CHECK(*road.relay.Purge() == 2);
  CHECK(*consumers.Purge() == 0);
  road.clock.Advance(absl::Hours(24 * 7));
  CHECK(*road.relay.Purge() == 0);
  CHECK(*consumers.Purge() == 2);
  road.Settle();
  CHECK(road.Numbers() == Road::UpTo(3));
}

TEST_CASE("a quiet stream forgets as well what is older than 7 days (R7)") {
  Road road;
  road.Publish(1);
  road.Settle();
  const int64_t days_ago = absl::ToUnixMillis(absl::Now() - absl::Hours(24 * 7) - absl::Minutes(1));
  REQUIRE_OK(road.redis->Run({"DEL", road.stream()}));
  for (const int64_t ms : {days_ago, days_ago + 120'000})
    REQUIRE_OK(road.redis->Run({"XADD", road.stream(), absl::StrCat(ms, "-0"), "event_id", "x"}));
  CHECK(*road.relay.Purge() == 1);
  CHECK(road.StreamLength() == 1);
}

TEST_CASE("what inboxes may have forgotten is not sent again") {
  Road road;
  road.Publish(1);
  road.Settle();
  road.clock.Advance(absl::Hours(24 * 8));
  road.Publish(1);
  road.Flush();
  road.Settle();
  CHECK(road.StreamLength() == 1);
  CHECK(road.Numbers() == Road::UpTo(2));
}

}  // namespace
}  // namespace perennial::events
