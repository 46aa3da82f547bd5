#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/services/domain_mailbox/storage/world.h"

namespace perennial::domain_mailbox {
namespace {

using core::DeliveryState;

TEST_CASE("Many accounts register one name at once: one has it, all others are rejected") {
  World world;
  constexpr int kAccounts = 8;
  std::atomic<int> done = 0;
  std::atomic<int> rejected = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kAccounts; ++i) {
    threads.emplace_back([&] {
      TimedIdSource ids;
      const Uuid order = ids.Next();
      const Uuid product = ids.Next();
      const auto begun =
          world.deliveries.Begin(order, product, ids.Next(), world.Registration("wanted.example"));
      if (!begun.ok()) return;
      const auto delivery = world.deliveries.Drive(order, product);
      if (!delivery.ok()) return;
      if (delivery->state == DeliveryState::kDone) ++done;
      if (delivery->rejection == core::Rejection::kDomainUnavailable) ++rejected;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(done == 1);
  CHECK(rejected == kAccounts - 1);
  CHECK(world.Count("SELECT count(*) AS n FROM domain WHERE state <> 'deleted'") == 1);
}

TEST_CASE("One delivery sent many times at once is one effect (R23, R35)") {
  World world;
  const Uuid order = world.ids.Next();
  const Uuid product = world.ids.Next();
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      if (!world.Deliver(order, product, world.Registration("once.example")).ok()) ++failed;
    });
  }
  for (std::thread& thread : threads) thread.join();
  world.Settle();
  CHECK(failed == 0);
  CHECK(world.Count("SELECT count(*) AS n FROM outbox WHERE type = 'domain.registered'") == 1);
  CHECK(world.Count("SELECT count(*) AS n FROM simulated_operation WHERE subject = 'once.example'") == 1);
}

TEST_CASE("Several workers work off many deliveries, each once") {
  World world;
  constexpr int kDomains = 40;
  for (int i = 0; i < kDomains; ++i) {
    REQUIRE_OK(world.deliveries.Begin(world.ids.Next(), world.ids.Next(), world.account,
                                      world.Registration("bulk-" + std::to_string(i) + ".example")));
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (true) {
        const auto done = world.deliveries.RunOnce();
        if (!done.ok() || *done == 0) return;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  world.Settle();
  CHECK(world.Count("SELECT count(*) AS n FROM delivery WHERE state = 'done' AND attempt_count = 1") ==
        kDomains);
  CHECK(world.Count("SELECT count(*) AS n FROM hold") == 0);
}

TEST_CASE("A worker that died keeps its product only for a while") {
  World world;
  const core::Delivery delivery = world.Begin(world.ids.Next(), world.Registration("flaky-dead.example"));
  const absl::Time now = world.clock.Now();
  const auto held = world.queue.ClaimOne(delivery.product_id, world.ids.Next(), now, now + absl::Minutes(5));
  REQUIRE_OK(held);
  REQUIRE(*held);
  world.Advance(absl::Minutes(4));
  CHECK(world.DeliveryOf(delivery).state == DeliveryState::kRetryable);
  world.Advance(absl::Minutes(2));
  CHECK(world.DeliveryOf(delivery).state == DeliveryState::kDone);
}

}  // namespace
}  // namespace perennial::domain_mailbox
