#pragma once

#include <catch2/catch.hpp>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/error.h"

namespace perennial::testing {

inline absl::Status StatusOf(const absl::Status& status) {
  return status;
}
template <typename T>
absl::Status StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

}  // namespace perennial::testing

// REQUIRE_OK(status or StatusOr)
#define REQUIRE_OK(expression)                                                 \
  do {                                                                         \
    const absl::Status status_seen = perennial::testing::StatusOf(expression); \
    INFO(status_seen);                                                         \
    REQUIRE(status_seen.ok());                                                 \
  } while (false)

// CHECK_REFUSED(expression, "QUOTE_EXPIRED")
#define CHECK_REFUSED(expression, reason)                                      \
  do {                                                                         \
    const absl::Status status_seen = perennial::testing::StatusOf(expression); \
    INFO(status_seen);                                                         \
    CHECK(perennial::ReasonOf(status_seen) == (reason));                       \
  } while (false)
