#include "libs/redis/client.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <thread>

#include "tests/support/redis.h"
#include "tests/support/status_matchers.h"

namespace perennial::redis {
namespace {

TEST_CASE("commands and replies carry any bytes") {
  const auto redis = testing::ConnectRedis();
  const std::string key = testing::UniqueName("bytes");
  const std::string value("a\0b\r\n'\xff", 7);
  CHECK(redis->Run({"SET", key, value})->text == "OK");
  CHECK(redis->Run({"GET", key})->text == value);
  CHECK(redis->Run({"GET", key + "x"})->kind == Reply::Kind::kNil);
  CHECK(redis->Run({"STRLEN", key})->integer == 7);
  CHECK(redis->Run({"SET", key, ""})->text == "OK");
  CHECK(redis->Run({"GET", key})->kind == Reply::Kind::kText);
  REQUIRE_OK(redis->Run({"RPUSH", key + "l", "1", "2"}));
  const auto list = redis->Run({"LRANGE", key + "l", "0", "-1"});
  REQUIRE_OK(list);
  REQUIRE(list->array.size() == 2);
  CHECK(list->array[1].text == "2");
}

TEST_CASE("a pipeline answers in order") {
  const auto redis = testing::ConnectRedis();
  const std::string key = testing::UniqueName("pipeline");
  std::vector<Command> commands;
  for (int i = 0; i < 500; ++i) commands.push_back({"INCR", key});
  const auto replies = redis->RunAll(commands);
  REQUIRE_OK(replies);
  for (int i = 0; i < 500; ++i) CHECK((*replies)[i].integer == i + 1);
}

TEST_CASE("an error of the server is a status, and replies never shift to the next command") {
  const auto redis = testing::ConnectRedis();
  const std::string key = testing::UniqueName("error");
  REQUIRE_OK(redis->Run({"SET", key, "text"}));
  CHECK_FALSE(redis->Run({"INCR", key}).ok());
  CHECK_FALSE(redis->RunAll({{"GET", key}, {"NOSUCHCOMMAND"}, {"SET", key, "changed"}}).ok());
  CHECK(redis->Run({"ECHO", "mine"})->text == "mine");
}

TEST_CASE("a connection that was cut is UNAVAILABLE once, then made anew") {
  const auto redis = testing::ConnectRedis();
  const auto other = testing::ConnectRedis();
  const auto id = redis->Run({"CLIENT", "ID"});
  REQUIRE_OK(id);
  REQUIRE_OK(other->Run({"CLIENT", "KILL", "ID", std::to_string(id->integer)}));
  CHECK_REFUSED(redis->Run({"PING"}), "SERVICE_UNAVAILABLE");
  CHECK(redis->Run({"PING"})->text == "PONG");
}

TEST_CASE("threads share a client without mixing replies up") {
  const auto redis = testing::ConnectRedis();
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const std::string text = std::to_string(t * 1000 + i);
        const auto reply = redis->Run({"ECHO", text});
        if (!reply.ok() || reply->text != text) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("a Redis that is away is UNAVAILABLE each time") {
  auto redis = *Client::ForUrl("redis://127.0.0.1:1");
  for (int i = 0; i < 3; ++i) {
    const absl::Status status = redis->Run({"PING"}).status();
    CHECK_REFUSED(status, "SERVICE_UNAVAILABLE");
    CHECK(status.message() == "Redis cannot be reached: Connection refused");
  }
}

TEST_CASE("a URL is redis://host:port") {
  CHECK(Client::ForUrl("redis://127.0.0.1:7179").ok());
  CHECK(Client::ForUrl("redis://localhost").ok());
  for (const char* bad : {"", "redis://", "redis://:6379", "http://127.0.0.1:80", "redis://h:port",
                          "redis://h:1:2", "redis://h:0", "redis://h:65536", "redis://h:-1"}) {
    INFO(bad);
    CHECK_FALSE(Client::ForUrl(bad).ok());
  }
}

}  // namespace
}  // namespace perennial::redis
