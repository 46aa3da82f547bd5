#include "libs/base/call_scope.h"

#include <catch2/catch.hpp>
#include <thread>

namespace perennial {
namespace {

constexpr char kTrace[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST_CASE("the innermost scope counts, and only in its own thread") {
  CHECK(CallScope::Current() == nullptr);
  {
    const CallScope outer(absl::UnixEpoch() + absl::Seconds(10), kTrace);
    CHECK(CallScope::Current() == &outer);
    {
      const CallScope inner(absl::UnixEpoch() + absl::Seconds(5), "");
      CHECK(CallScope::Current() == &inner);
    }
    CHECK(CallScope::Current() == &outer);
    const CallScope* seen = &outer;
    std::thread([&] { seen = CallScope::Current(); }).join();
    CHECK(seen == nullptr);
  }
  CHECK(CallScope::Current() == nullptr);
}

TEST_CASE("an inner scope cannot have more time than the outer one") {
  const CallScope outer(absl::UnixEpoch() + absl::Seconds(10), kTrace);
  const CallScope longer(absl::UnixEpoch() + absl::Seconds(99), kTrace);
  CHECK(longer.deadline() == absl::UnixEpoch() + absl::Seconds(10));
  const CallScope shorter(absl::UnixEpoch() + absl::Seconds(3), kTrace);
  CHECK(shorter.deadline() == absl::UnixEpoch() + absl::Seconds(3));
  CHECK(shorter.TimeLeft() < absl::ZeroDuration());  // it passed in 1970
}

TEST_CASE("a trace goes on under its id with a new parent") {
  const std::string next = ContinueTrace(kTrace);
  CHECK(next.size() == 55);
  CHECK(next.substr(0, 36) == std::string(kTrace).substr(0, 36));
  CHECK(next.substr(36, 16) != std::string(kTrace).substr(36, 16));
  CHECK(next.substr(52) == "-01");
  CHECK(CallScope(absl::InfiniteFuture(), next).TraceId() == "4bf92f3577b34da6a3ce929d0e0e4736");
  // "Not sampled" is passed on.
  CHECK(ContinueTrace("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00").substr(52) == "-00");
}

TEST_CASE("a header that is no traceparent starts a new trace (W3C Trace Context)") {
  for (const char* bad : {"", "00", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                          "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                          "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra",
                          "00-4bf92f3577b34da6a3ce929d0e0e473\n-00f067aa0ba902b7-01"}) {
    INFO(bad);
    const std::string fresh = ContinueTrace(bad);
    CHECK(fresh.size() == 55);
    CHECK(fresh.find_first_not_of("0123456789abcdef-") == std::string::npos);
    CHECK(fresh.substr(3, 32) != std::string(32, '0'));
    CHECK(fresh.substr(3, 32) != "4bf92f3577b34da6a3ce929d0e0e4736");
  }
  CHECK(ContinueTrace("") != ContinueTrace(""));
}

}  // namespace
}  // namespace perennial
