#include "services/subscription/core/order_machine.h"

#include <catch2/catch.hpp>

#include "tests/services/subscription/core/builders.h"
#include "tests/support/status_matchers.h"

namespace perennial::subscription {
namespace {

using core::Aggregate;
using core::AttemptState;
using core::DeclineClass;
using core::Order;
using core::OrderFailure;
using core::OrderStep;
using testing::Decline;
using testing::Id;
using testing::kFirstAttempt;
using testing::kParis;
using testing::Policy;
using testing::TestCatalogue;
using testing::WithRenewalDue;

TEST_CASE(
    "Auto-renew switched off takes an unused link back; on again before that, it is tried again (R14)") {
  for (const bool on_again : {false, true}) {
    Aggregate aggregate = WithRenewalDue();
    Order& order = *aggregate.FindOrder(Id("auto"));
    core::ProFormaMade(order, order.offer.NetMinor(), kFirstAttempt);
    core::BeginAttempt(Policy(), aggregate, order, kFirstAttempt);
    core::ChargeAnswered(Policy(), aggregate, order, {.state = AttemptState::kRequiresAction}, kFirstAttempt);
    const absl::Time now = kFirstAttempt + absl::Hours(1);
    REQUIRE_OK(core::ChangeSettings(TestCatalogue(), {.auto_renew = false}, aggregate, now));
    CHECK(order.step == OrderStep::kCancelCharge);
    if (on_again) REQUIRE_OK(core::ChangeSettings(TestCatalogue(), {.auto_renew = true}, aggregate, now));
    // Paid in the last moment it is delivered.
    Aggregate paid = aggregate;
    core::ChargeGivenUp(Policy(), paid, *paid.FindOrder(Id("auto")), {.state = AttemptState::kSucceeded},
                        now);
    CHECK(paid.FindOrder(Id("auto"))->step == OrderStep::kInvoice);
    core::ChargeGivenUp(Policy(), aggregate, order, {.state = AttemptState::kDeclined}, now);
    CHECK(order.failure == (on_again ? OrderFailure::kNone : OrderFailure::kAutoRenewOff));
    CHECK(order.step == (on_again ? OrderStep::kWaiting : OrderStep::kCancelProForma));
  }
}

TEST_CASE("An upgrade overtakes a renewal that waits; paid, that is opened anew at the new price (R10)") {
  for (const bool paid : {true, false}) {
    Aggregate aggregate = WithRenewalDue();
    Decline(aggregate, Id("auto"), DeclineClass::kSoft, kFirstAttempt);
    const absl::Time now = kFirstAttempt + absl::Hours(2);
    const auto offer = core::OfferUpgrade(TestCatalogue(), aggregate, "platinum", "EUR", kParis, now);
    REQUIRE_OK(offer);
    REQUIRE_OK(core::StartOrder(aggregate, testing::OrderFor(*offer, "upgrade", now), now));
    CHECK(aggregate.FindOrder(Id("auto"))->held_by == Id("upgrade"));
    if (!paid) {
      Decline(aggregate, Id("upgrade"), DeclineClass::kSoft, now);
      CHECK(aggregate.FindOrder(Id("auto"))->step == OrderStep::kWaiting);
      CHECK_FALSE(aggregate.FindOrder(Id("auto"))->held_by);
      continue;
    }
    testing::Pay(aggregate, Id("upgrade"), now);
    CHECK(aggregate.FindOrder(Id("auto"))->failure == OrderFailure::kSuperseded);
    CHECK(aggregate.product.plan_id == "platinum");
    REQUIRE(aggregate.product.renew_at);
    REQUIRE(core::OpenRenewal(TestCatalogue(), kParis, Id("anew"), aggregate, now).value());
    const Order& anew = *aggregate.FindOrder(Id("anew"));
    CHECK(anew.offer.NetMinor() == TestCatalogue().PlanPrice("platinum", 12, "EUR")->minor);
    CHECK(anew.dunning_ends_at == aggregate.FindOrder(Id("auto"))->dunning_ends_at);
    // While it is charged, nobody comes in between.
    Order& open = *aggregate.FindOrder(Id("anew"));
    core::ProFormaMade(open, open.offer.NetMinor(), now);
    core::BeginAttempt(Policy(), aggregate, open, now);
    CHECK(core::IsCharging(aggregate, open));
  }
}

}  // namespace
}  // namespace perennial::subscription
