#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <numeric>

#include "tests/services/subscription/app/quote_store_contract.h"
#include "tests/services/subscription/app/world.h"
#include "tests/support/status_matchers.h"

namespace perennial::subscription {
namespace {

using core::OrderState;
using testing::Id;
using testing::World;

int64_t Captured(const World& world) {
  return std::accumulate(world.payments.captures.begin(), world.payments.captures.end(), int64_t{0},
                         [](int64_t sum, const auto& capture) { return sum + capture.second; });
}

TEST_CASE("The store in memory keeps the contract of quotes") {
  World world;
  testing::CheckQuoteStore(world.quote_store, world.QuoteFor(PlanPurchase{Id("site"), "gold", 3}),
                           world.QuoteFor(DomainPurchase{"example.com", 2, Id("site")}));
}

TEST_CASE("Yen have no decimals and dinars three, from the catalogue through the quote to the charge") {
  for (const auto& [currency, text] :
       std::vector<std::pair<std::string, std::string>>{{"JPY", "JPY 5400"}, {"KWD", "KWD 5.400"}}) {
    World world;
    const Quote quote = world.QuoteFor(PlanPurchase{Id("site"), "gold", 3}, currency);
    CHECK(FormatMoney({currency, quote.tax.total_minor}) == text);
    CHECK(core::StateOf(*world.orders.Drive(Id("account"), world.CommitOnly(quote).id)) == OrderState::kDone);
    CHECK(Captured(world) == 5400);
    // A third of the term later: two thirds of the difference, to the smallest unit there is.
    world.clock.Advance(absl::Hours(24 * 30));
    const Uuid product_id = world.Only().product.id;
    const Quote upgrade = world.QuoteFor(UpgradeWish{product_id, "platinum"}, currency);
    CHECK(upgrade.offer.NetMinor() == 2800);
    CHECK_REFUSED(world.quotes.Price(world.caller, Id("account"), UpgradeWish{product_id, "platinum"}, "EUR"),
                  "CURRENCY_MISMATCH");
  }
}

TEST_CASE("A mailbox on a domain that has expired is not renewed: nothing could be delivered (R31)") {
  World world;
  world.Order(DomainPurchase{"example.com", 1, std::nullopt});
  const Uuid domain_id = world.Only().product.id;
  const core::Order order = world.Order(MailboxPurchase{domain_id, "info", 12});
  const RenewalWish renewal{order.offer.product_id, 12, false};
  REQUIRE_OK(world.quotes.Price(world.caller, Id("account"), renewal, "EUR"));
  world.products.rows.at(domain_id).product.state = core::ProductState::kExpired;
  CHECK_REFUSED(world.quotes.Price(world.caller, Id("account"), renewal, "EUR"), "DOMAIN_INACTIVE");
}

TEST_CASE("An upgrade is quoted without asking account, in the language of the caller's token") {
  World world;
  world.Order(PlanPurchase{Id("site"), "gold", 3});
  const UpgradeWish upgrade{world.Only().product.id, "platinum"};
  world.accounts.profiles.at(Id("account")).customer = {"fr", "Asia/Tokyo"};
  const Quote asked = world.QuoteFor(upgrade);  // the token does not say
  CHECK(asked.offer.language == "fr");
  world.accounts.away = Unavailable("SERVICE_UNAVAILABLE", "");
  CHECK_REFUSED(world.quotes.Price(world.caller, Id("account"), upgrade, "EUR"), "SERVICE_UNAVAILABLE");
  world.caller.language = "fr";
  const Quote quote = world.QuoteFor(upgrade);
  CHECK(quote.offer == asked.offer);
  CHECK(quote.offer.time_zone == world.Only().product.time_zone);
  CHECK(quote.resulting_expiry == core::ExpiryOf(world.Only().product));
  CHECK(core::StateOf(*world.orders.Drive(Id("account"), world.CommitOnly(quote).id)) == OrderState::kDone);
  // What begins a term asks where the customer lives.
  const RenewalWish renewal{upgrade.product_id, 3, false};
  CHECK_REFUSED(world.quotes.Price(world.caller, Id("account"), renewal, "EUR"), "SERVICE_UNAVAILABLE");
}

TEST_CASE(
    "Billing is asked for an account's tax once, and again when it said so, or when the profile changed") {
  World world;
  world.Order(PlanPurchase{Id("site"), "gold", 3});
  const UpgradeWish upgrade{world.Only().product.id, "platinum"};
  REQUIRE(world.billing.times_asked == 1);
  const Quote computed = world.QuoteFor(upgrade);
  CHECK(world.billing.times_asked == 1);
  world.tax_positions.rows.clear();
  world.billing.ask_again_at = world.clock.Now() + absl::Hours(1);
  const Quote asked = world.QuoteFor(upgrade);
  CHECK(world.billing.times_asked == 2);
  CHECK(computed.offer == asked.offer);
  CHECK(computed.tax.tax_minor == asked.tax.tax_minor);
  CHECK(computed.tax.total_minor == asked.tax.total_minor);
  CHECK(computed.tax.descriptions == asked.tax.descriptions);
  world.clock.Advance(absl::Hours(1) - absl::Seconds(1));
  world.QuoteFor(upgrade);
  CHECK(world.billing.times_asked == 2);
  world.clock.Advance(absl::Seconds(1));
  world.billing.ask_again_at += absl::Hours(2);
  world.QuoteFor(upgrade);
  CHECK(world.billing.times_asked == 3);
  // An answer that is on its way while the profile changes counts no more.
  world.tax_positions.rows.clear();
  world.billing.before_answer = [&] { REQUIRE_OK(world.quotes.OnTaxChanged(Id("account"), 1)); };
  const Quote late = world.QuoteFor(upgrade);
  world.billing.before_answer = [] {};
  world.billing.tax_revision = 1;
  world.billing.tax_percent = 25;
  const Quote changed = world.QuoteFor(upgrade);
  CHECK(changed.tax.tax_minor > late.tax.tax_minor);
  // The fact comes again, or late: what was told since then holds.
  REQUIRE_OK(world.quotes.OnTaxChanged(Id("account"), 1));
  const int times_asked = world.billing.times_asked;
  CHECK(world.QuoteFor(upgrade).tax.tax_minor == changed.tax.tax_minor);
  CHECK(world.billing.times_asked == times_asked);
}

TEST_CASE("A tax that nobody told of makes one quote stale, and not the next") {
  World world;
  world.Order(PlanPurchase{Id("site"), "gold", 3});
  const UpgradeWish upgrade{world.Only().product.id, "platinum"};
  world.billing.tax_percent = 19;
  const core::Order stale = *world.orders.Drive(Id("account"), world.CommitOnly(world.QuoteFor(upgrade)).id);
  CHECK(core::StateOf(stale) == OrderState::kFailed);
  CHECK(stale.failure == core::OrderFailure::kQuoteStale);
  CHECK(core::StateOf(*world.orders.Drive(Id("account"), world.CommitOnly(world.QuoteFor(upgrade)).id)) ==
        OrderState::kDone);
}

TEST_CASE("A country that is served no more is refused at a commit once, and then in the quote") {
  World world;
  world.Order(PlanPurchase{Id("site"), "gold", 3});
  const UpgradeWish upgrade{world.Only().product.id, "platinum"};
  world.billing.is_served = false;
  const core::Order refused =
      *world.orders.Drive(Id("account"), world.CommitOnly(world.QuoteFor(upgrade)).id);
  CHECK(refused.failure == core::OrderFailure::kBillingRefused);
  CHECK_REFUSED(world.quotes.Price(world.caller, Id("account"), upgrade, "EUR"), "COUNTRY_NOT_SERVED");
}

// What may come between a quote and its commit.
void AnyEvent(World& world, const Uuid& product_id) {
  switch (*rc::gen::inRange(0, 5)) {
    case 0:
      world.clock.Advance(absl::Minutes(*rc::gen::inRange(0, 20)));
      return;
    case 1:
      world.billing.tax_percent = *rc::gen::inRange(19, 22);
      return;
    case 2: {
      const auto quote =
          world.quotes.Price(world.caller, Id("account"), RenewalWish{product_id, 3, false}, "EUR");
      if (quote.ok()) {
        const auto order = world.orders.Commit(world.caller, Id("account"), quote->handle, "");
        if (order.ok()) (void)world.orders.Drive(Id("account"), order->id);
      }
      return;
    }
    case 3:
      (void)world.products.Update(product_id, [&](core::Aggregate& aggregate) {
        return core::ChangeSettings(testing::TestCatalogue(), {.next_plan_id = "basic"}, aggregate,
                                    world.clock.Now());
      });
      return;
    default:
      world.Settle();
  }
}

TEST_CASE("What was quoted is charged, to the cent, or nothing is") {
  CHECK(rc::check("quote is commit", [] {
    World world;
    world.Order(PlanPurchase{Id("site"), "gold", *rc::gen::element(3, 6, 12)});
    const Uuid product_id = world.Only().product.id;
    world.Wait(absl::Hours(24) * *rc::gen::inRange(0, 120), absl::Hours(24 * 10));
    const QuoteItem item =
        *rc::gen::element<QuoteItem>(UpgradeWish{product_id, "platinum"}, RenewalWish{product_id, 6, false});
    const auto quote = world.quotes.Price(world.caller, Id("account"), item, "EUR");
    RC_PRE(quote.ok());
    const int events = *rc::gen::inRange(0, 3);
    for (int i = 0; i < events; ++i) AnyEvent(world, product_id);
    const int64_t before = Captured(world);
    const auto order = world.orders.Commit(world.caller, Id("account"), quote->handle, "");
    if (!order.ok()) {
      RC_ASSERT(Captured(world) == before);
      return;
    }
    const core::Order done = *world.orders.Drive(Id("account"), order->id);
    if (core::StateOf(done) == OrderState::kDone) {
      RC_ASSERT(Captured(world) - before == quote->tax.total_minor);
      RC_ASSERT(world.billing.pro_formas.at(done.id) == quote->tax.total_minor);
    } else {
      RC_ASSERT(Captured(world) == before);
      RC_ASSERT(done.failure == core::OrderFailure::kQuoteStale);
    }
    RC_CLASSIFY(core::StateOf(done) == OrderState::kDone, "done");
  }));
}

}  // namespace
}  // namespace perennial::subscription
