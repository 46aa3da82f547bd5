#include "services/subscription/app/paid_orders.h"

#include <catch2/catch.hpp>

#include "services/subscription/app/position.h"
#include "services/subscription/storage/postgres_paid_order_store.h"
#include "tests/services/subscription/storage/rig.h"

namespace perennial::subscription {
namespace {

TEST_CASE("Orders that are over and paid are listed in the order of their end, a minute later") {
  Rig rig;
  PostgresPaidOrderStore store(rig.postgres.database());
  PaidOrders paid(store, rig.clock);
  const core::Order bought = rig.Order(kGold);
  rig.clock.Advance(absl::Hours(24));
  const core::Order upgrade = rig.Order(UpgradeWish{bought.offer.product_id, "platinum"});
  const core::Order open = rig.Commit(rig.QuoteFor(RenewalWish{bought.offer.product_id})).value();
  CHECK(paid.List(absl::UnixEpoch(), "", 10)->size() == 1);
  rig.clock.Advance(absl::Minutes(2));
  const auto first = paid.List(absl::UnixEpoch(), "", 1);
  REQUIRE_OK(first);
  REQUIRE(first->size() == 1);
  CHECK(first->at(0).id == bought.id);
  CHECK(first->at(0).charge_id == bought.charge_id);
  CHECK(first->at(0).total == Money{"EUR", *bought.total_minor});
  CHECK(first->at(0).state == PaidOrderState::kApplied);
  CHECK(first->at(0).has_term);  // though an upgrade replaced it since
  const auto rest = paid.List(absl::UnixEpoch(), PositionOf(first->at(0).updated_at, bought.id), 10);
  REQUIRE_OK(rest);
  REQUIRE(rest->size() == 1);
  CHECK(rest->at(0).id == upgrade.id);
  CHECK(rest->at(0).has_term);
  const auto found = paid.Find({open.id, rig.ids.Next()});
  REQUIRE_OK(found);
  REQUIRE(found->size() == 1);
  CHECK(found->at(0).state == PaidOrderState::kOpen);
  CHECK_FALSE(found->at(0).has_term);
}

}  // namespace
}  // namespace perennial::subscription
