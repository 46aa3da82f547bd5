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
using testing::Killed;
using testing::World;

const PlanPurchase kGold = {Id("site"), "gold", 12};

TEST_CASE("A purchase is charged what was quoted, and gives the term (R10, R23)") {
  World world;
  const Quote quote = world.QuoteFor(kGold);
  const core::Order order = *world.orders.Drive(Id("account"), world.CommitOnly(quote).id);
  CHECK(core::StateOf(order) == OrderState::kDone);
  REQUIRE(world.payments.captures.size() == 1);
  CHECK(world.payments.captures.begin()->second == quote.tax.total_minor);
  CHECK(world.billing.invoices.size() == 1);
  CHECK(world.Only().product.state == ProductState::kActive);
  CHECK(world.Only().terms.size() == 1);
  CHECK(core::ExpiryOf(world.Only().product) == quote.resulting_expiry);
  CHECK_REFUSED(world.orders.Commit(world.caller, Id("account"), quote.handle, ""), "QUOTE_CONSUMED");
}

TEST_CASE("A quote is somebody's, for 15 minutes, and of the product as it was") {
  World world;
  const Quote quote = world.QuoteFor(kGold);
  Caller other = world.caller;
  other.account_id = Id("other");
  CHECK_REFUSED(world.orders.Commit(other, Id("account"), quote.handle, ""), "QUOTE_NOT_FOUND");
  CHECK_REFUSED(world.orders.Commit(other, Id("other"), quote.handle, ""), "QUOTE_NOT_FOUND");
  world.clock.Advance(absl::Minutes(15));
  CHECK_REFUSED(world.orders.Commit(world.caller, Id("account"), quote.handle, ""), "QUOTE_EXPIRED");
  const Quote again = world.QuoteFor(kGold);
  world.products.deleted_accounts.insert(Id("account"));
  CHECK_REFUSED(world.orders.Commit(world.caller, Id("account"), again.handle, ""), "ACCOUNT_DELETED");
}

TEST_CASE("If the tax changed since the quote, nothing is charged") {
  World world;
  const Quote quote = world.QuoteFor(kGold);
  world.billing.tax_percent = 21;
  const core::Order order = *world.orders.Drive(Id("account"), world.CommitOnly(quote).id);
  CHECK(core::StateOf(order) == OrderState::kFailed);
  CHECK(order.failure == OrderFailure::kQuoteStale);
  CHECK(world.payments.sent.empty());
}

TEST_CASE("A declined purchase fails at once, with the code and a cancelled pro-forma") {
  World world;
  world.payments.answer = [] {
    return core::ChargeAnswer{.state = AttemptState::kDeclined, .decline_code = "stolen_card"};
  };
  const core::Order order = world.Order(kGold);
  CHECK(core::StateOf(order) == OrderState::kFailed);
  CHECK(order.decline_code == "stolen_card");
  CHECK(world.billing.cancelled.contains(order.id));
  CHECK(world.billing.invoices.empty());
  // The site is free for another try.
  world.payments.answer = [] { return core::ChargeAnswer{.state = AttemptState::kSucceeded}; };
  CHECK(core::StateOf(world.Order(kGold)) == OrderState::kDone);
}

TEST_CASE("A charge whose answer was lost is asked about, and captured once") {
  World world;
  world.payments.answers_lost = true;
  const core::Order order = world.Order(kGold);
  CHECK(core::StateOf(order) == OrderState::kAwaitingPayment);
  CHECK(world.Only().terms.empty());
  world.Wait(absl::Minutes(30), absl::Minutes(1));
  CHECK(core::StateOf(**world.products.FindOrder(Id("account"), order.id)) == OrderState::kAwaitingPayment);
  world.payments.answers_lost = false;
  world.Wait(absl::Minutes(30), absl::Minutes(1));
  CHECK(core::StateOf(**world.products.FindOrder(Id("account"), order.id)) == OrderState::kDone);
  CHECK(world.payments.captures.size() == 1);
  CHECK(world.payments.sent.size() == 1);
}

TEST_CASE("A peer that is away leaves the order where it is, never lost") {
  World world;
  world.billing.away = absl::UnavailableError("away");
  const core::Order order = world.Order(kGold);
  CHECK(core::StateOf(order) == OrderState::kOpen);
  world.Wait(absl::Hours(2), absl::Minutes(10));
  world.billing.away = absl::OkStatus();
  world.payments.away = absl::UnavailableError("away");
  world.Wait(absl::Hours(2), absl::Minutes(10));
  world.payments.away = absl::OkStatus();
  world.Wait(absl::Hours(1), absl::Minutes(10));
  CHECK(core::StateOf(**world.products.FindOrder(Id("account"), order.id)) == OrderState::kDone);
  CHECK(world.payments.captures.size() == 1);
  CHECK(world.meter.troubles.empty());
}

TEST_CASE("An upgrade that costs nothing has no bill and no charge") {
  World world;
  world.Order(kGold);
  core::Aggregate& row = world.products.rows.begin()->second;
  row.terms[0].paid_minor = 1'000'000;
  row.terms[0].value = Rational::Whole(1'000'000);
  const size_t pro_formas = world.billing.pro_formas.size();
  const core::Order order = world.Order(UpgradeWish{row.product.id, "platinum"});
  CHECK(core::StateOf(order) == OrderState::kDone);
  CHECK(order.total_minor == 0);
  CHECK(world.billing.pro_formas.size() == pro_formas);
  CHECK(world.payments.captures.size() == 1);
  CHECK(world.Only().terms[0].plan_id == "platinum");
}

TEST_CASE("A refused delivery is refunded with a credit note (R31)") {
  World world;
  world.delivery.answer = {.state = core::DeliveryAnswer::State::kRejected};
  const core::Order order = world.Order(DomainPurchase{"example.com", 1, std::nullopt});
  CHECK(core::StateOf(order) == OrderState::kRefunded);
  CHECK(world.payments.refunds.size() == 1);
  CHECK(world.billing.credit_notes.size() == 1);
  CHECK(world.Only().product.state == ProductState::kEnded);
  CHECK(world.products.told.back().type == "order.refunded");
}

TEST_CASE("A refund that the gateway refuses is asked for anew, and calls a person each time (R31)") {
  World world;
  world.delivery.answer = {.state = core::DeliveryAnswer::State::kRejected};
  world.payments.refunds_to_refuse = 2;
  const core::Order order = world.Order(DomainPurchase{"example.com", 1, std::nullopt});
  CHECK(core::StateOf(order) == OrderState::kCompensating);
  CHECK(order.refund == "refused/1");
  CHECK(world.Only().product.state == ProductState::kEnded);  // taken back already
  world.Wait(absl::Hours(5), absl::Hours(1));
  CHECK(world.meter.troubles.size() == 1);
  world.Wait(absl::Hours(12), absl::Hours(1));
  CHECK(world.meter.troubles.size() == 2);
  const core::Order end = **world.products.FindOrder(Id("account"), order.id);
  CHECK(core::StateOf(end) == OrderState::kRefunded);
  CHECK(end.refund == "refund");
  CHECK(world.payments.refunds.size() == 1);
}

TEST_CASE("A delivery that takes its time is asked for again, and activates the product when it is done") {
  World world;
  world.delivery.answer = {.state = core::DeliveryAnswer::State::kPending};
  const core::Order order = world.Order(DomainPurchase{"example.com", 1, std::nullopt});
  CHECK(core::StateOf(order) == OrderState::kDelivering);
  CHECK(world.Only().product.state == ProductState::kPending);
  world.delivery.answer = {.state = core::DeliveryAnswer::State::kDone};
  world.Wait(absl::Minutes(10), absl::Minutes(1));
  CHECK(world.Only().product.state == ProductState::kActive);
  CHECK(world.delivery.delivered.size() == 1);
}

TEST_CASE(
    "A challenge met after the order was given up takes no money; met before, it is delivered (R23, R24)") {
  for (const bool in_time : {false, true}) {
    World world;
    world.payments.answer = [] {
      return core::ChargeAnswer{.state = AttemptState::kRequiresAction, .action_url = "https://example.com"};
    };
    const core::Order order = world.Order(kGold);
    const core::Attempt attempt = world.Only().attempts.back();
    world.payments.away = absl::UnavailableError("away");
    world.Wait(absl::Minutes(70), absl::Minutes(1));
    CHECK(core::StateOf(**world.products.FindOrder(Id("account"), order.id)) == OrderState::kAwaitingPayment);
    if (in_time) world.payments.Confirm(attempt);
    world.payments.away = absl::OkStatus();
    world.Wait(absl::Minutes(30), absl::Minutes(1));
    const core::Order end = **world.products.FindOrder(Id("account"), order.id);
    CHECK(core::StateOf(end) == (in_time ? OrderState::kDone : OrderState::kFailed));
    world.payments.Confirm(attempt);
    CHECK(world.payments.captures.size() == (in_time ? 1U : 0U));
    CHECK(world.billing.invoices.size() == (in_time ? 1U : 0U));
  }
}

TEST_CASE("An order that cannot be handled does not keep the others of its batch") {
  World world;
  const core::Order first = world.CommitOnly(world.QuoteFor(DomainPurchase{"a.com", 1, std::nullopt}));
  const core::Order second = world.CommitOnly(world.QuoteFor(DomainPurchase{"b.com", 1, std::nullopt}));
  const Uuid broken = world.products.rows.begin()->first;
  world.products.broken.insert(broken);
  world.clock.Advance(absl::Minutes(1));
  world.Settle();
  CHECK(world.payments.captures.size() == 1);
  CHECK(world.meter.troubles == std::vector<std::string>{"an order could not be handled"});
}

// Takes an order of each kind while the process dies at one moment; returns how many moments there were.
int RunKilledAt(int moment, core::DeliveryAnswer::State delivery, bool declined) {
  World world;
  world.delivery.answer.state = delivery;
  const Quote quote = world.QuoteFor(DomainPurchase{"example.com", 1, std::nullopt});
  if (declined) world.payments.answer = [] { return core::ChargeAnswer{.state = AttemptState::kDeclined}; };
  const core::Order order = world.CommitOnly(quote);
  world.killer.moments = 0;
  world.killer.kill_at = moment;
  try {
    world.orders.Drive(Id("account"), order.id).IgnoreError();
  } catch (const Killed&) {
  }
  const int moments = world.killer.moments;
  world.Wait(absl::Minutes(30), absl::Minutes(1));
  INFO("killed at " << moment);
  const core::Order end = **world.products.FindOrder(Id("account"), order.id);
  const bool refunded = delivery == core::DeliveryAnswer::State::kRejected && !declined;
  CHECK(core::StateOf(end) == (declined   ? OrderState::kFailed
                               : refunded ? OrderState::kRefunded
                                          : OrderState::kDone));
  CHECK(world.payments.captures.size() == (declined ? 0U : 1U));
  CHECK(world.payments.charges.size() == 1);
  CHECK(world.billing.invoices.size() == (declined ? 0U : 1U));
  CHECK(world.billing.cancelled.size() == (declined ? 1U : 0U));
  CHECK(world.billing.credit_notes.size() == (refunded ? 1U : 0U));
  CHECK(world.payments.refunds.size() == (refunded ? 1U : 0U));
  CHECK(world.Only().terms.size() == (declined || refunded ? 0U : 1U));
  return moments;
}

TEST_CASE("Killed before or after any call, an order is charged once and gives one term (R23)") {
  using State = core::DeliveryAnswer::State;
  for (const auto& [delivery, declined] :
       {std::pair(State::kDone, false), std::pair(State::kRejected, false), std::pair(State::kDone, true)}) {
    const int moments = RunKilledAt(0, delivery, declined);
    CHECK(moments > 10);
    for (int moment = 1; moment <= moments; ++moment) RunKilledAt(moment, delivery, declined);
  }
}

}  // namespace
}  // namespace perennial::subscription
