#include <catch2/catch.hpp>

#include "tests/services/subscription/app/world.h"
#include "tests/support/status_matchers.h"

namespace perennial::subscription {
namespace {

using core::AttemptState;
using core::OrderFailure;
using core::OrderState;
using core::ProductState;
using testing::Id;
using testing::Utc;
using testing::World;

const PlanPurchase kGold = {Id("site"), "gold", 3};
constexpr absl::Duration kDay = absl::Hours(24);

core::ChargeAnswer Declined(core::DeclineClass decline_class) {
  return {.state = AttemptState::kDeclined, .decline_code = "no", .decline_class = decline_class};
}

int CountTold(const World& world, const std::string& type) {
  return static_cast<int>(std::count_if(world.products.told.begin(), world.products.told.end(),
                                        [&](const Event& event) { return event.type == type; }));
}

std::set<Uuid> ToldIds(const World& world) {
  std::set<Uuid> ids;
  for (const Event& event : world.products.told) ids.insert(event.id);
  return ids;
}

TEST_CASE(
    "A plan renews itself for years: one charge, one invoice and one term each time, no day lost (R15)") {
  World world;
  world.Order(kGold);
  world.Wait(kDay * 366 * 3, kDay);
  const core::Aggregate& plan = world.Only();
  CHECK(plan.product.state == ProductState::kActive);
  CHECK(world.payments.captures.size() == plan.terms.size());
  CHECK(world.billing.invoices.size() == plan.terms.size());
  CHECK(plan.terms.size() == 13);  // bought 15 January 2027; 3 years on, the next is paid 14 days ahead
  for (size_t i = 1; i < plan.terms.size(); ++i) CHECK(plan.terms[i].start == plan.terms[i - 1].end);
  CHECK(CountTold(world, "renewal.upcoming") == 12);
  CHECK(CountTold(world, "renewal.succeeded") == 12);
  CHECK(CountTold(world, "product.expired") == 0);
  CHECK(ToldIds(world).size() == world.products.told.size());
}

TEST_CASE("One jump of the clock in steps of a day gives the same books as waiting by the hour") {
  World days;
  days.Order(kGold);
  days.Wait(kDay * 100, kDay);
  World hours;
  hours.Order(kGold);
  hours.Wait(kDay * 100, absl::Hours(1));
  CHECK(days.Only().terms.size() == hours.Only().terms.size());
  CHECK(days.payments.captures.size() == hours.payments.captures.size());
  CHECK(core::ExpiryOf(days.Only().product) == core::ExpiryOf(hours.Only().product));
}

TEST_CASE(
    "Declined softly, it is tried by the ladder, expires, and ends after 45 days; each failure is told") {
  World world;
  world.Order(kGold);  // until 15 April 2027
  world.payments.answer = [] { return Declined(core::DeclineClass::kSoft); };
  world.clock.Set(Utc(2027, 4, 1));
  world.Wait(kDay * 13, kDay);
  CHECK(world.Only().product.state == ProductState::kActive);
  world.Wait(kDay * 2, kDay);
  CHECK(world.Only().product.state == ProductState::kExpired);
  CHECK(CountTold(world, "product.expired") == 1);
  world.Wait(kDay * 40, kDay);
  CHECK(world.Only().product.state == ProductState::kEnded);
  CHECK(world.payments.sent.size() == 1 + 14);
  CHECK(CountTold(world, "renewal.failed") == 14);
  CHECK(world.billing.cancelled.size() == 1);
  CHECK(world.products.over.rbegin()->second.failure != OrderFailure::kNone);
  CHECK(ToldIds(world).size() == world.products.told.size());
}

TEST_CASE("After a hard decline nothing is tried until a new method comes, then at once (R17, R18)") {
  World world;
  world.Order(kGold);
  world.payments.answer = [] { return Declined(core::DeclineClass::kHard); };
  world.clock.Set(Utc(2027, 4, 1));
  world.Wait(kDay * 20, kDay);
  CHECK(world.payments.sent.size() == 2);
  CHECK(world.Only().product.state == ProductState::kExpired);
  world.payments.answer = [] { return core::ChargeAnswer{.state = AttemptState::kSucceeded}; };
  REQUIRE_OK(world.renewals.OnPaymentMethod(Id("account"), "the new card"));
  world.Settle();
  CHECK(world.payments.sent.size() == 3);
  CHECK(world.Only().attempts.back().payment_method == "the new card");
  CHECK(world.Only().product.state == ProductState::kActive);
  CHECK(world.Only().terms.back().start == CivilDate(2027, 4, 15));
  CHECK(CountTold(world, "product.activated") == 2);
}

TEST_CASE("The declined card deleted, the one that is left is charged (R16)") {
  World world;
  world.Order(kGold);
  world.payments.answer = [] {
    core::ChargeAnswer answer = Declined(core::DeclineClass::kHard);
    answer.payment_method = "the bad card";
    return answer;
  };
  world.clock.Set(Utc(2027, 4, 1));
  world.Wait(kDay * 3, kDay);
  CHECK(world.payments.sent.size() == 2);
  world.payments.answer = [] { return core::ChargeAnswer{.state = AttemptState::kSucceeded}; };
  REQUIRE_OK(world.renewals.OnPaymentMethodDeleted(Id("account"), "another"));
  world.Settle();
  CHECK(world.payments.sent.size() == 2);
  REQUIRE_OK(world.renewals.OnPaymentMethodDeleted(Id("account"), "the bad card"));
  world.Settle();
  CHECK(world.payments.captures.size() == 2);
  CHECK(world.Only().product.declined_method.empty());
}

TEST_CASE("A retry is taxed and charged as of its day (R27)") {
  World world;
  world.Order(kGold);
  world.payments.answer = [] { return Declined(core::DeclineClass::kSoft); };
  world.clock.Set(Utc(2027, 4, 1));
  world.Settle();
  world.billing.tax_percent = 21;
  world.payments.answer = [] { return core::ChargeAnswer{.state = AttemptState::kSucceeded}; };
  world.Wait(kDay * 3, kDay);
  std::set<int64_t> amounts;
  for (const auto& [id, minor] : world.payments.captures) amounts.insert(minor);
  CHECK(amounts == std::set<int64_t>{4500 * 120 / 100, 4500 * 121 / 100});
}

TEST_CASE("A cheaper plan chosen while retries run is what the next retry charges (R11)") {
  World world;
  world.Order(kGold);
  world.payments.answer = [] { return Declined(core::DeclineClass::kSoft); };
  world.clock.Set(Utc(2027, 4, 1));
  world.Settle();
  REQUIRE_OK(world.products.Update(world.Only().product.id, [&](core::Aggregate& aggregate) {
    return core::ChangeSettings(testing::TestCatalogue(), {.next_plan_id = "basic"}, aggregate,
                                world.clock.Now());
  }));
  world.payments.answer = [] { return core::ChargeAnswer{.state = AttemptState::kSucceeded}; };
  world.Wait(kDay * 3, kDay);
  CHECK(world.billing.cancelled.size() == 1);
  CHECK(world.billing.invoices.size() == 2);
  CHECK(world.Only().product.plan_id == "basic");
  CHECK(world.Only().terms.back().paid_minor == 2100);
  CHECK(world.Only().terms.front().plan_id == "gold");
}

TEST_CASE("Without any payment method it says so, and takes the one that comes (R16)") {
  World world;
  world.Order(kGold);
  world.payments.answer = [] { return core::ChargeAnswer{.state = AttemptState::kNoMethod}; };
  world.clock.Set(Utc(2027, 4, 1));
  world.Wait(kDay * 3, kDay);
  CHECK(CountTold(world, "renewal.no_payment_method") == 1);
  world.payments.answer = [] { return core::ChargeAnswer{.state = AttemptState::kSucceeded}; };
  REQUIRE_OK(world.renewals.OnPaymentMethod(Id("account"), "the new card"));
  world.Settle();
  CHECK(world.Only().terms.size() == 2);
}

TEST_CASE("Paying by hand while retries run takes the money once (RC-E03)") {
  World world;
  world.Order(kGold);
  world.payments.answer = [] { return Declined(core::DeclineClass::kSoft); };
  world.clock.Set(Utc(2027, 4, 1));
  world.Settle();
  const Uuid product_id = world.Only().product.id;
  // Declined by hand: the ladder goes on.
  CHECK(core::StateOf(world.Order(RenewalWish{product_id, 0, false})) == OrderState::kFailed);
  const Quote quote = world.QuoteFor(RenewalWish{product_id, 0, false});
  const core::Order by_hand = world.CommitOnly(quote);
  world.payments.answer = [] { return core::ChargeAnswer{.state = AttemptState::kSucceeded}; };
  // The retry of the second day comes due between commit and payment.
  world.clock.Advance(kDay * 2);
  world.Settle();
  CHECK(core::StateOf(*world.orders.Drive(Id("account"), by_hand.id)) == OrderState::kDone);
  world.Wait(kDay * 20, kDay);
  CHECK(world.payments.captures.size() == 2);
  CHECK(world.Only().terms.size() == 2);
}

TEST_CASE("An upgrade while retries run is taken once, and the renewal then at the new price (R10)") {
  World world;
  world.Order(kGold);
  world.payments.answer = [] { return Declined(core::DeclineClass::kSoft); };
  world.clock.Set(Utc(2027, 4, 1) + kDay);
  world.Settle();
  const Uuid product_id = world.Only().product.id;
  world.payments.answer = [] { return core::ChargeAnswer{.state = AttemptState::kSucceeded}; };
  const core::Order upgrade = world.Order(UpgradeWish{product_id, "platinum"});
  CHECK(core::StateOf(upgrade) == OrderState::kDone);
  CHECK(world.payments.captures.size() == 2);
  world.Settle();
  REQUIRE(world.payments.captures.size() == 3);
  CHECK(world.Only().terms.back().plan_id == "platinum");
  world.Wait(kDay * 20, kDay);
  CHECK(world.payments.captures.size() == 3);
}

TEST_CASE(
    "A card that was added and is gone before it was tried is no decline; the others are tried at once "
    "(R16)") {
  World world;
  world.Order(kGold);
  world.payments.answer = [] { return Declined(core::DeclineClass::kSoft); };
  world.clock.Set(Utc(2027, 4, 1));
  world.Settle();
  const int told = CountTold(world, "renewal.failed");
  REQUIRE(told == 1);
  world.payments.answer = [] { return core::ChargeAnswer{.state = AttemptState::kSucceeded}; };
  world.payments.gone = {"gone again"};
  REQUIRE_OK(world.renewals.OnPaymentMethod(Id("account"), "gone again"));
  world.Settle();
  CHECK(CountTold(world, "renewal.failed") == told);
  CHECK(world.payments.captures.size() == 2);
}

TEST_CASE("A renewal that is killed at any moment is charged once (R23)") {
  for (int moment = 1;; ++moment) {
    World world;
    world.Order(kGold);
    world.clock.Set(Utc(2027, 4, 1));
    world.killer.moments = 0;
    world.killer.kill_at = moment;
    world.Settle();
    const int moments = world.killer.moments;
    world.Wait(absl::Minutes(20), absl::Minutes(1));
    INFO("killed at " << moment);
    CHECK(world.payments.captures.size() == 2);
    CHECK(world.billing.invoices.size() == 2);
    CHECK(world.Only().terms.size() == 2);
    if (moments < moment) {
      CHECK(moment > 15);
      break;
    }
  }
}

TEST_CASE("One product that cannot be handled does not keep the others from renewal, notice, expiry or end") {
  World world;
  for (const char* name : {"a.com", "b.com", "c.com"}) world.Order(DomainPurchase{name, 1, std::nullopt});
  const Uuid broken = world.products.rows.begin()->first;
  world.products.broken.insert(broken);
  world.accounts.profiles.begin()->second.customer = testing::kParis;
  world.clock.Set(Utc(2028, 1, 2));
  world.Settle();
  int renewed = 0;
  for (const auto& [id, row] : world.products.rows) renewed += row.terms.size() == 2 ? 1 : 0;
  CHECK(renewed == 2);
  CHECK_FALSE(world.meter.troubles.empty());
  // It is not forgotten.
  world.products.broken.clear();
  world.Wait(absl::Minutes(20), absl::Minutes(5));
  CHECK(world.products.rows.at(broken).terms.size() == 2);
}

TEST_CASE("A mailbox is not charged while its domain is away, and is as soon as that is back (R31)") {
  World world;
  world.Order(DomainPurchase{"example.com", 1, std::nullopt});
  const Uuid domain_id = world.Only().product.id;
  const Uuid mailbox_id = world.Order(MailboxPurchase{domain_id, "info", 3}).offer.product_id;
  auto& state = world.products.rows.at(domain_id).product.state;
  state = ProductState::kExpired;
  world.clock.Set(Utc(2027, 4, 1));
  world.Wait(kDay, absl::Hours(1));
  CHECK(world.payments.captures.size() == 2);
  CHECK(world.products.rows.at(mailbox_id).terms.size() == 1);
  state = ProductState::kActive;
  world.Wait(kDay, absl::Hours(1));
  CHECK(world.products.rows.at(mailbox_id).terms.size() == 2);
  CHECK(world.payments.refunds.empty());
}

TEST_CASE("Deleting the account waits for a charge that is under way, and then leaves nothing (R7)") {
  World world;
  world.Order(kGold);
  world.clock.Set(Utc(2027, 4, 1));
  world.payments.answers_lost = true;
  world.Settle();
  REQUIRE_OK(world.deletions.OnAccountDeleted(Id("account")));
  world.Wait(absl::Minutes(20), absl::Minutes(1));
  CHECK(world.products.rows.size() == 1);
  world.payments.answers_lost = false;
  world.Wait(absl::Minutes(20), absl::Minutes(1));
  CHECK(world.products.rows.empty());
  CHECK(world.payments.captures.size() == 2);
  CHECK(world.billing.invoices.size() == 2);
  REQUIRE(world.deletion_store.told.size() == 1);
  CHECK(world.deletion_store.told[0].type == "product.deleted");
}

TEST_CASE("Deleting the account while a renewal waits ends it, and no attempt follows") {
  World world;
  world.Order(kGold);
  world.clock.Set(Utc(2027, 4, 1));
  world.payments.answer = [] { return Declined(core::DeclineClass::kSoft); };
  world.Settle();
  REQUIRE_OK(world.deletions.OnAccountDeleted(Id("account")));
  world.Wait(kDay * 5, absl::Hours(1));
  CHECK(world.payments.sent.size() == 2);
  CHECK(world.billing.cancelled.size() == 1);
  CHECK(world.products.rows.empty());
}

}  // namespace
}  // namespace perennial::subscription
