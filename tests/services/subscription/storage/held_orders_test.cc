#include <catch2/catch.hpp>

#include "tests/services/subscription/storage/rig.h"

namespace perennial::subscription {
namespace {

// What the one gives up and the other takes in one write is the place of the product's only running order.
TEST_CASE("Paying by hand while retries run is declined, and the ladder goes on; paid, it ends (RC-E03)") {
  Rig rig;
  rig.Order(kGold);
  const auto declined = [] {
    return core::ChargeAnswer{.state = core::AttemptState::kDeclined,
                              .decline_code = "code",
                              .decline_class = core::DeclineClass::kSoft};
  };
  rig.payments.answer = declined;
  rig.clock.Set(Utc(2027, 4, 1));
  rig.Settle();
  const Uuid product_id = (*rig.products.List(Id("account"), {}, "", 10)).at(0).product.id;
  const RenewalWish renewal{product_id, 0, false};
  const core::Order by_hand = rig.Order(renewal);
  CHECK(core::StateOf(by_hand) == core::OrderState::kFailed);
  CHECK(core::StateOf(core::OpenAutomaticRenewal(*rig.products.Load(product_id))[0]) ==
        core::OrderState::kPastDue);
  CHECK_FALSE(core::OpenAutomaticRenewal(*rig.products.Load(product_id))->held_by);

  rig.payments.answer = [] { return core::ChargeAnswer{.state = core::AttemptState::kNoMethod}; };
  CHECK(core::StateOf(rig.Order(renewal)) == core::OrderState::kFailed);
  rig.payments.answer = [] { return core::ChargeAnswer{.state = core::AttemptState::kSucceeded}; };
  CHECK(core::StateOf(rig.Order(renewal)) == core::OrderState::kDone);
  rig.Settle();
  CHECK(core::OpenAutomaticRenewal(*rig.products.Load(product_id)) == nullptr);
  CHECK(rig.meter.troubles.empty());
}

TEST_CASE(
    "An upgrade while retries run holds them; paid, the renewal is opened anew and charged once (R10)") {
  Rig rig;
  rig.Order(kGold);
  rig.payments.answer = [] {
    return core::ChargeAnswer{.state = core::AttemptState::kDeclined, .decline_code = "code"};
  };
  rig.clock.Set(Utc(2027, 4, 3));
  rig.Settle();
  const Uuid product_id = (*rig.products.List(Id("account"), {}, "", 10)).at(0).product.id;
  const UpgradeWish upgrade{product_id, "platinum"};
  CHECK(core::StateOf(rig.Order(upgrade)) == core::OrderState::kFailed);
  const Uuid first = core::OpenAutomaticRenewal(*rig.products.Load(product_id))->id;
  rig.payments.answer = [] { return core::ChargeAnswer{.state = core::AttemptState::kSucceeded}; };
  CHECK(core::StateOf(rig.Order(upgrade)) == core::OrderState::kDone);
  CHECK(rig.payments.captures.size() == 2);
  rig.Settle();
  CHECK(rig.products.FindOrder(Id("account"), first).value()->failure == core::OrderFailure::kSuperseded);
  CHECK(rig.payments.captures.size() == 3);
  const core::Aggregate renewed = *rig.products.Load(product_id);
  CHECK(core::OpenAutomaticRenewal(renewed) == nullptr);
  CHECK(renewed.terms.back().plan_id == "platinum");
  CHECK(core::ExpiryOf(renewed.product) == CivilDate(2027, 7, 15));
  CHECK(rig.meter.troubles.empty());
}

}  // namespace
}  // namespace perennial::subscription
