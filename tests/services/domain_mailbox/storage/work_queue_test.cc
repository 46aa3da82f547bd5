#include <catch2/catch.hpp>

#include "tests/services/domain_mailbox/storage/world.h"

namespace perennial::domain_mailbox {
namespace {

TEST_CASE("A product is held by one, until it is let go by the same one") {
  World world;
  const Uuid product = world.ids.Next();
  const Uuid me = world.ids.Next();
  const Uuid other = world.ids.Next();
  const absl::Time now = world.clock.Now();
  CHECK(*world.queue.ClaimOne(product, me, now, now + absl::Minutes(1)));
  CHECK_FALSE(*world.queue.ClaimOne(product, other, now, now + absl::Minutes(1)));
  REQUIRE_OK(world.queue.Release(product, other));
  CHECK_FALSE(*world.queue.ClaimOne(product, other, now, now + absl::Minutes(1)));
  REQUIRE_OK(world.queue.Release(product, me));
  CHECK(*world.queue.ClaimOne(product, other, now, now + absl::Minutes(1)));
}

TEST_CASE("What is held is not claimed, and what is not due neither") {
  World world;
  for (int i = 0; i < 5; ++i) {
    REQUIRE_OK(world.deliveries.Begin(world.ids.Next(), world.ids.Next(), world.account,
                                      world.Registration("q" + std::to_string(i) + ".example")));
  }
  const absl::Time now = world.clock.Now();
  const absl::Time until = now + absl::Minutes(1);
  CHECK(world.queue.Claim(world.ids.Next(), now - absl::Seconds(1), until, 10)->empty());
  CHECK(world.queue.Claim(world.ids.Next(), now, until, 3)->size() == 3);
  CHECK(world.queue.Claim(world.ids.Next(), now, until, 10)->size() == 2);
  CHECK(world.queue.Claim(world.ids.Next(), now, until, 10)->empty());
  CHECK(world.queue.Claim(world.ids.Next(), until, until + absl::Minutes(1), 10)->size() == 5);
}

}  // namespace
}  // namespace perennial::domain_mailbox
