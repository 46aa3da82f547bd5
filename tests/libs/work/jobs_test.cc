#include "libs/work/jobs.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <stdexcept>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "libs/base/call_scope.h"
#include "tests/support/status_matchers.h"

namespace perennial::work {
namespace {

TEST_CASE("settling runs every job until none finds anything, also work that one makes for another") {
  telemetry::Metrics metrics;
  int renewals = 5;
  int events = 0;
  Jobs jobs({{"events", absl::Hours(1),
              [&]() -> absl::StatusOr<int> {
                const int done = std::min(events, 2);
                events -= done;
                return done;
              }},
             {"renewals", absl::Hours(1),
              [&]() -> absl::StatusOr<int> {
                if (renewals == 0) return 0;
                --renewals;
                events += 3;
                return 1;
              }}},
            metrics);
  const auto done = jobs.Settle();
  REQUIRE_OK(done);
  CHECK(*done == 5 + 15);
  CHECK(renewals == 0);
  CHECK(events == 0);
  CHECK(*jobs.Settle() == 0);
}

TEST_CASE("a job that fails stops settling with its failure; an exception counts as one") {
  telemetry::Metrics metrics;
  bool broken = true;
  Jobs failing({{"a", absl::Hours(1),
                 [&]() -> absl::StatusOr<int> {
                   if (broken) return absl::UnavailableError("away");
                   return 0;
                 }}},
               metrics);
  CHECK(failing.Settle().status().code() == absl::StatusCode::kUnavailable);
  broken = false;
  CHECK(*failing.Settle() == 0);
  Jobs throwing({{"b", absl::Hours(1), []() -> absl::StatusOr<int> { throw std::runtime_error("bug"); }}},
                metrics);
  CHECK(throwing.Settle().status().code() == absl::StatusCode::kInternal);
  Jobs odd({{"c", absl::Hours(1), []() -> absl::StatusOr<int> { throw 42; }}}, metrics);
  CHECK(odd.Settle().status().code() == absl::StatusCode::kInternal);
}

TEST_CASE("jobs run by themselves, go on after failures, and stop after their batch") {
  telemetry::Metrics metrics;
  std::atomic<int> runs{0};
  absl::Notification enough;
  Jobs jobs({{"job", absl::ZeroDuration(),
              [&]() -> absl::StatusOr<int> {
                const int run = ++runs;
                if (run == 10) enough.Notify();
                if (run % 3 == 0) throw std::runtime_error("bug");
                if (run % 3 == 1) return absl::InternalError("bug");
                return 0;
              }}},
            metrics);
  jobs.Start();
  CHECK(enough.WaitForNotificationWithTimeout(absl::Seconds(30)));
  jobs.Stop();
}

TEST_CASE("a thread of a job that hangs is not hidden by the job's other threads") {
  telemetry::Metrics metrics;
  const auto last_success = [&] {
    const std::string text = metrics.Text();
    const std::string series = "\nperennial_job_last_success_timestamp_seconds{job_name=\"orders\"} ";
    return std::stod(text.substr(text.find(series) + series.size()));
  };
  absl::Notification release, third;
  std::atomic<int> runs{0};
  Jobs jobs({{"orders", absl::ZeroDuration(),
              [&]() -> absl::StatusOr<int> {
                if (++runs == 3) third.Notify();
                return 0;
              }},
             {"orders", absl::Hours(1),
              [&]() -> absl::StatusOr<int> {
                release.WaitForNotification();
                return 0;
              }}},
            metrics);
  jobs.Start();
  CHECK(third.WaitForNotificationWithTimeout(absl::Seconds(30)));
  CHECK(last_success() == 0);
  release.Notify();
  jobs.Stop();
  CHECK(last_success() > 0);
}

TEST_CASE("once a stop is asked for no batch begins, and the one that runs is finished") {
  telemetry::Metrics metrics;
  std::atomic<int> runs{0};
  std::atomic<bool> finished{false};
  absl::Notification running;
  absl::Notification release;
  Jobs jobs({{"job", absl::ZeroDuration(),
              [&]() -> absl::StatusOr<int> {
                if (++runs > 1) return 1;
                running.Notify();
                release.WaitForNotification();
                finished = true;
                return 1;  // there is more, at once
              }}},
            metrics);
  jobs.Start();
  running.WaitForNotification();
  jobs.RequestStop();
  CHECK_FALSE(finished);
  release.Notify();
  jobs.Stop();
  CHECK(finished);
  CHECK(runs == 1);
}

TEST_CASE("a job that found work runs again at once, whatever its interval") {
  telemetry::Metrics metrics;
  std::atomic<int> left{100};
  absl::Notification empty;
  Jobs jobs({{"job", absl::Hours(1),
              [&]() -> absl::StatusOr<int> {
                if (left == 0) {
                  empty.Notify();
                  return 0;
                }
                --left;
                return 1;
              }}},
            metrics);
  jobs.Start();
  CHECK(empty.WaitForNotificationWithTimeout(absl::Seconds(30)));
  jobs.Stop();
}

TEST_CASE("a batch has a deadline and a trace of its own, and one runs at a time") {
  telemetry::Metrics metrics;
  std::atomic<int> running{0};
  std::atomic<int> together{0};
  std::atomic<int> runs{0};
  std::atomic<bool> scoped{true};
  Jobs jobs({{"job", absl::ZeroDuration(),
              [&]() -> absl::StatusOr<int> {
                if (++running > 1) ++together;
                const CallScope* scope = CallScope::Current();
                if (scope == nullptr || scope->TraceId().empty() ||
                    scope->deadline() > absl::Now() + absl::Minutes(2))
                  scoped = false;
                ++runs;
                --running;
                return 0;
              }}},
            metrics);
  jobs.Start();
  for (int i = 0; i < 200; ++i) CHECK(*jobs.Settle() == 0);
  jobs.Stop();
  CHECK(runs >= 200);
  CHECK(together == 0);
  CHECK(scoped);
}

}  // namespace
}  // namespace perennial::work
