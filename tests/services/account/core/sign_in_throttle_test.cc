#include "services/account/core/sign_in_throttle.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

namespace perennial::account::core {
namespace {

TEST_CASE("the first nine failures cost nothing, the tenth a minute") {
  for (int failures = 0; failures <= 9; ++failures)
    CHECK(PauseAfter(failures, kFreeFailures) == absl::ZeroDuration());
  CHECK(PauseAfter(10, kFreeFailures) == absl::Minutes(1));
  CHECK(PauseAfter(11, kFreeFailures) == absl::Minutes(2));
}

TEST_CASE("pauses never get shorter with more failures, and never exceed a quarter of an hour") {
  CHECK(rc::check("monotone and bounded", [] {
    const int failures = *rc::gen::inRange(0, 1'000'000);
    const int free = *rc::gen::inRange(0, 100);
    RC_ASSERT(PauseAfter(failures, free) <= PauseAfter(failures + 1, free));
    RC_ASSERT(PauseAfter(failures, free) <= absl::Minutes(15));
  }));
}

TEST_CASE("who tries as often as allowed fails fewer than 100 times in any hour (ASVS 4.0.3, 2.2.1)") {
  for (const int free : {kFreeFailures, kFreeFailuresFromAnywhere}) {
    SignInAttempts attempts;
    absl::Time now = absl::FromUnixSeconds(1'800'000'000);
    std::vector<absl::Time> tried;
    for (int i = 0; i < 500; ++i) {
      now = std::max(now, attempts.paused_until);
      tried.push_back(now);
      attempts = AfterFailure(attempts, now, free);
    }
    for (size_t i = 100; i < tried.size(); ++i) CHECK(tried[i] - tried[i - 100] > absl::Hours(1));
  }
}

TEST_CASE("a place is an IPv4 address, or the network of an IPv6 one") {
  CHECK(NetworkOf("192.0.2.1") == "192.0.2.1");
  CHECK(NetworkOf("::ffff:192.0.2.1") == "192.0.2.1");
  CHECK(NetworkOf("2001:db8::1") == "2001:db8:0:0");
  CHECK(NetworkOf("2001:db8:0:0:ffff::1") == "2001:db8:0:0");
  CHECK(NetworkOf("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2");
  CHECK(NetworkOf("2001:db8:1:2::") == "2001:db8:1:2");
  CHECK(NetworkOf("::1") == "0:0:0:0");
  CHECK(NetworkOf("") == "");
}

}  // namespace
}  // namespace perennial::account::core
