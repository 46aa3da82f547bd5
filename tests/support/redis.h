#pragma once

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>

#include "libs/base/uuid.h"
#include "libs/redis/client.h"

namespace perennial::testing {

// Of the private Redis that tests/with-stores starts.
inline std::string RedisUrl() {
  const char* url = std::getenv("PERENNIAL_TEST_REDIS_URL");
  // No assertion: Catch2's are for one thread only.
  if (url == nullptr) throw std::runtime_error("PERENNIAL_TEST_REDIS_URL is not set: tests/with-stores");
  return url;
}

inline std::unique_ptr<redis::Client> ConnectRedis() {
  std::signal(SIGPIPE, SIG_IGN);  // as libs/process does
  auto client = redis::Client::ForUrl(RedisUrl());
  REQUIRE(client.ok());
  return *std::move(client);
}

// A key, stream or service name that no other test has.
inline std::string UniqueName(const std::string& prefix) {
  TimedIdSource ids;
  return prefix + "_" + ids.Next().ToString();
}

}  // namespace perennial::testing
