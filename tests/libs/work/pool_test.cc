#include "libs/work/pool.h"

#include <atomic>
#include <catch2/catch.hpp>

#include "absl/synchronization/notification.h"

namespace perennial::work {
namespace {

TEST_CASE("a full queue refuses at once, and takes work again when there is room") {
  telemetry::Metrics metrics;
  Pool pool(1, 2, metrics);
  absl::Notification running;
  absl::Notification release;
  std::atomic<int> done{0};
  REQUIRE(pool.TrySubmit([&] {
    running.Notify();
    release.WaitForNotification();
    ++done;
  }));
  running.WaitForNotification();
  absl::Notification second;
  CHECK(pool.TrySubmit([&] { ++done; }));
  CHECK(pool.TrySubmit([&] {
    ++done;
    second.Notify();
  }));
  CHECK_FALSE(pool.TrySubmit([&] { done += 100; }));
  release.Notify();
  second.WaitForNotification();
  CHECK(pool.TrySubmit([&] { ++done; }));
  pool.Drain();
  CHECK(done == 4);
}

TEST_CASE("draining finishes everything accepted, and accepts nothing more") {
  telemetry::Metrics metrics;
  Pool pool(4, 1000, metrics);
  std::atomic<int> done{0};
  int accepted = 0;
  for (int i = 0; i < 500; ++i) accepted += pool.TrySubmit([&] { ++done; }) ? 1 : 0;
  pool.Drain();
  CHECK(accepted == 500);
  CHECK(done == 500);
  CHECK_FALSE(pool.TrySubmit([&] { ++done; }));
  pool.Drain();  // again is harmless
  CHECK(done == 500);
}

TEST_CASE("as many tasks run at once as there are threads, no more") {
  telemetry::Metrics metrics;
  std::atomic<int> now{0};
  std::atomic<int> most{0};
  absl::Notification all;
  {
    Pool pool(3, 100, metrics);
    for (int i = 0; i < 30; ++i) {
      REQUIRE(pool.TrySubmit([&] {
        const int running = ++now;
        int seen = most;
        while (running > seen && !most.compare_exchange_weak(seen, running)) {
        }
        if (running == 3 && !all.HasBeenNotified()) all.Notify();
        all.WaitForNotificationWithTimeout(absl::Seconds(30));
        --now;
      }));
    }
  }
  CHECK(most == 3);
}

TEST_CASE("submitting from many threads while draining neither loses nor repeats a task") {
  for (int round = 0; round < 20; ++round) {
    telemetry::Metrics metrics;
    Pool pool(2, 10'000, metrics);
    std::atomic<int> accepted{0};
    std::atomic<int> done{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 200; ++i) accepted += pool.TrySubmit([&] { ++done; }) ? 1 : 0;
      });
    }
    pool.Drain();
    for (std::thread& thread : threads) thread.join();
    CHECK(done == accepted);
  }
}

}  // namespace
}  // namespace perennial::work
