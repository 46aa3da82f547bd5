#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "services/subscription/app/position.h"
#include "tests/services/subscription/storage/rig.h"

namespace perennial::subscription {
namespace {

TEST_CASE("An aggregate is read as it was written, to the last fraction") {
  Rig rig;
  rig.Order(kGold);
  rig.clock.Advance(absl::Hours(24 * 10));
  const Uuid product_id = (*rig.products.List(Id("account"), {}, "", 10)).at(0).product.id;
  const core::Order upgrade = rig.Order(UpgradeWish{product_id, "platinum"});
  CHECK(core::StateOf(upgrade) == core::OrderState::kDone);
  const core::Aggregate read = *rig.products.Load(product_id);
  REQUIRE(read.terms.size() == 2);
  CHECK(read.terms[0].value + read.terms[1].value == Rational::Whole(testing::PaidSum(read)));
  CHECK(testing::PaidSum(read) == 4500 + upgrade.offer.NetMinor());
  CHECK(read.product.plan_id == "platinum");
  const auto written = rig.products.Update(product_id, [](core::Aggregate&) { return absl::OkStatus(); });
  CHECK(written->product == read.product);
  CHECK(written->terms == read.terms);
  CHECK(rig.products.Terms(product_id, "", 10)->size() == 3);
}

TEST_CASE("Whatever a rule may change of an order rests in its row") {
  Rig rig;
  const core::Order order = rig.Commit(rig.QuoteFor(kGold)).value();
  const auto written = rig.products.Update(order.offer.product_id, [&](core::Aggregate& aggregate) {
    core::Order& o = aggregate.orders[0];
    o.step = core::OrderStep::kWaiting;
    o.failure = core::OrderFailure::kSuperseded;
    o.total_minor = 7;
    o.wanted_method = "wanted";
    o.payment_method = "used";
    o.payment_description = "Visa";
    o.charge_id = Id("charge");
    o.attempt_count = 3;
    o.wait = core::Wait::kCustomer;
    o.decline_code = "code";
    o.action_url = "https://example.com";
    o.invoice = "invoice";
    o.refund = "refund";
    o.credit_note = "note";
    o.held_by = Id("other");
    o.faults = 2;
    o.next_at = o.lease_until = o.updated_at = rig.clock.Now() + absl::Hours(1);
    return absl::OkStatus();
  });
  REQUIRE_OK(written);
  CHECK(rig.products.Load(order.offer.product_id)->orders[0] == written->orders[0]);
  CHECK(rig.products.FindOrder(Id("account"), order.id)->value() == written->orders[0]);
}

TEST_CASE("50 commits of one quote at once make one order and one charge (R23)") {
  Rig rig;
  const Quote quote = rig.QuoteFor(kGold);
  std::atomic<int> won{0};
  std::atomic<int> consumed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 50; ++i) {
    threads.emplace_back([&] {
      const auto order = rig.Commit(quote);
      if (order.ok()) ++won;
      if (ReasonOf(order.status()) == "QUOTE_CONSUMED") ++consumed;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(won == 1);
  CHECK(consumed == 49);
  CHECK(rig.Count("SELECT count(*) FROM orders") == 1);
  CHECK(rig.Count("SELECT count(*) FROM products") == 1);
}

TEST_CASE("Two quotes of one plan for one site, committed at once, give one product") {
  Rig rig;
  const Quote first = rig.QuoteFor(kGold);
  const Quote second = rig.QuoteFor(kGold);
  REQUIRE_OK(rig.Commit(first));
  CHECK_REFUSED(rig.Commit(second), "PLAN_ALREADY_ACTIVE");
  CHECK_FALSE(rig.quote_store.Find(Id("account"), second.handle)->value().order_id);
}

TEST_CASE("Workers claim disjoint orders, and an order whose worker died again after its lease") {
  Rig rig;
  std::vector<Uuid> expected;
  for (int i = 0; i < 40; ++i) {
    const auto order =
        rig.Commit(rig.QuoteFor(DomainPurchase{absl::StrCat("d", i, ".com"), 1, std::nullopt}));
    REQUIRE_OK(order);
  }
  const absl::Time now = rig.clock.Now() + absl::Minutes(1);
  std::vector<std::vector<Claim>> claims(8);
  std::vector<std::thread> threads;
  for (auto& mine : claims) {
    threads.emplace_back([&] { mine = rig.products.ClaimDue(now, now + absl::Seconds(90), 5).value(); });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<Uuid> distinct;
  size_t sum = 0;
  for (const auto& mine : claims) {
    sum += mine.size();
    for (const Claim& claim : mine) distinct.insert(claim.order_id);
  }
  CHECK(distinct.size() == sum);
  CHECK(sum + rig.products.ClaimDue(now, now + absl::Seconds(90), 100)->size() == 40);
  CHECK(rig.products.ClaimDue(now, now + absl::Seconds(90), 100)->empty());
  const absl::Time later = now + absl::Seconds(90);
  CHECK(rig.products.ClaimDue(later, later + absl::Seconds(90), 100)->size() == 40);
}

TEST_CASE("A worker that lost its order to another changes nothing") {
  Rig rig;
  const auto order = rig.Commit(rig.QuoteFor(kGold));
  const absl::Time now = rig.clock.Now();
  REQUIRE(rig.products.ClaimOrder(order->id, now, now + absl::Seconds(90))->has_value());
  CHECK_FALSE(rig.products.ClaimOrder(order->id, now, now + absl::Seconds(90))->has_value());
  const core::Aggregate stale = *rig.products.Load(order->offer.product_id);
  const absl::Time later = now + absl::Seconds(91);
  REQUIRE(rig.products.ClaimOrder(order->id, later, later + absl::Seconds(90))->has_value());
  const auto taken = rig.steps.Take({{stale, stale.orders[0].id}});
  REQUIRE(taken.size() == 1);
  CHECK(IsOrderTaken(taken[0].status()));
}

TEST_CASE("A renewal has one order a product and term, however many workers open it (R23)") {
  Rig rig;
  rig.Order(kGold);
  rig.clock.Set(Utc(2027, 4, 1));
  std::atomic<int> opened{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { opened += rig.renewals.RenewDue().value(); });
  for (std::thread& thread : threads) thread.join();
  CHECK(opened == 1);
  CHECK(rig.Count("SELECT count(*) FROM orders WHERE kind = 'automatic_renewal'") == 1);
  // The database itself holds to it.
  core::Order twin = rig.products.Orders({.after = {}, .limit = 10})->back();
  twin.id = Id("twin");
  const auto forced = rig.products.Update(twin.offer.product_id, [&](core::Aggregate& aggregate) {
    aggregate.orders.push_back(twin);
    return absl::OkStatus();
  });
  CHECK_FALSE(forced.ok());
}

TEST_CASE("A day is paid once: the database refuses a second active term from the same day") {
  Rig rig;
  rig.Order(kGold);
  const Uuid product_id = (*rig.products.List(Id("account"), {}, "", 10)).at(0).product.id;
  const auto forced = rig.products.Update(product_id, [&](core::Aggregate& aggregate) {
    core::Term twin = aggregate.terms[0];
    twin.id = Id("twin");
    aggregate.terms.push_back(twin);
    return absl::OkStatus();
  });
  CHECK_FALSE(forced.ok());
  CHECK(rig.Count("SELECT count(*) FROM terms") == 1);
}

TEST_CASE("A year of renewals on Postgres keeps one charge and invoice a term, and tells each fact once") {
  Rig rig;
  rig.Order(kGold);
  for (int day = 0; day < 366; ++day) {
    rig.clock.Advance(absl::Hours(24));
    rig.Settle();
  }
  CHECK(rig.Count("SELECT count(*) FROM terms WHERE state = 'active'") == 5);
  CHECK(rig.payments.captures.size() == 5);
  CHECK(rig.billing.invoices.size() == 5);
  CHECK(rig.Count("SELECT count(*) FROM outbox WHERE type = 'renewal.succeeded'") == 4);
  CHECK(rig.Count("SELECT count(*) FROM outbox WHERE type = 'renewal.upcoming'") == 4);
}

TEST_CASE("A product that cannot be renewed is put aside, and the others are renewed in time (R15)") {
  Rig rig;
  rig.Order(kGold);
  rig.Order(DomainPurchase{"example.com", 1, std::nullopt});
  const Uuid broken = (*rig.products.List(Id("account"), {}, "", 10)).at(0).product.id;
  // First in every queue, and of a currency that is not sold in.
  REQUIRE_OK(rig.postgres.database().Query(
      "UPDATE products SET currency = 'QQQ', renew_at = $2 WHERE id = $1", broken, rig.clock.Now()));
  REQUIRE_OK(rig.postgres.database().Query("UPDATE products SET renew_at = $2 WHERE id <> $1", broken,
                                           rig.clock.Now()));
  CHECK(rig.renewals.RenewDue().value() == 1);
  CHECK(rig.meter.troubles == std::vector<std::string>{"a product could not be handled"});
  CHECK(rig.products.RenewalsDue(rig.clock.Now(), 10)->empty());
  rig.clock.Advance(absl::Minutes(10));
  CHECK(rig.products.RenewalsDue(rig.clock.Now(), 10)->size() == 1);
}

TEST_CASE("Attempts of past orders count under the lock, for the card networks count them (R17)") {
  Rig rig;
  rig.Order(kGold);
  rig.payments.answer = [] {
    return core::ChargeAnswer{.state = core::AttemptState::kDeclined,
                              .decline_code = "no",
                              .decline_class = core::DeclineClass::kHard,
                              .payment_method = "the bad card"};
  };
  rig.clock.Set(Utc(2027, 4, 1));
  rig.Settle();
  const Uuid product_id = (*rig.products.List(Id("account"), {}, "", 10)).at(0).product.id;
  size_t attempts = 0;
  const auto count = [&](core::Aggregate& aggregate) {
    attempts = aggregate.AttemptTimes().size();
    return absl::OkStatus();
  };
  const auto written = rig.products.Update(product_id, count);
  REQUIRE_OK(written);
  CHECK(attempts == 2);  // of the purchase and of the renewal
  CHECK(written->product.declined_method == "the bad card");
  CHECK(*rig.products.WaitingRenewals(Id("account")) == std::vector<Uuid>{product_id});
  // Also when the renewal is not open: a new method ends the wait of the next one.
  REQUIRE_OK(rig.products.Update(product_id, [&](core::Aggregate& aggregate) {
    return core::ChangeSettings(TestCatalogue(),
                                {.auto_renew = false, .next_plan_id = {}, .next_cycle_months = {}}, aggregate,
                                rig.clock.Now());
  }));
  rig.Settle();
  CHECK(*rig.products.WaitingRenewals(Id("account")) == std::vector<Uuid>{product_id});
  REQUIRE_OK(rig.renewals.OnPaymentMethod(Id("account"), "the new card"));
  CHECK(rig.products.Load(product_id)->product.declined_method.empty());
  CHECK(rig.products.WaitingRenewals(Id("account"))->empty());
}

TEST_CASE("A deleted account leaves no row but the mark, and domain_mailbox is told (R7)") {
  Rig rig;
  rig.Order(kGold);
  rig.Order(DomainPurchase{"example.com", 1, std::nullopt});
  const Quote open = rig.QuoteFor(DomainPurchase{"open.com", 1, std::nullopt});
  CHECK(rig.deletion_store.Export(Id("account"))->find("example.com") != std::string::npos);
  REQUIRE_OK(rig.deletions.OnAccountDeleted(Id("account")));
  CHECK_REFUSED(rig.Commit(open), "ACCOUNT_DELETED");
  rig.Settle();
  for (const char* sql :
       {"SELECT count(*) FROM sites", "SELECT count(*) FROM products", "SELECT count(*) FROM terms",
        "SELECT count(*) FROM orders", "SELECT count(*) FROM quotes", "SELECT count(*) FROM attempts"})
    CHECK(rig.Count(sql) == 0);
  CHECK(rig.Count("SELECT count(*) FROM outbox WHERE type = 'product.deleted'") == 2);
  CHECK(rig.Count("SELECT count(*) FROM account_deletions WHERE account_id IS NULL") == 1);
  CHECK_REFUSED(rig.deletion_store.Enter(Id("account")), "ACCOUNT_DELETED");
  // Under another key the mark is nobody's: without the key it cannot be told whose it is.
  PostgresDeletionStore stranger(rig.postgres.database(), rig.postgres.outbox(), std::string(32, 's'));
  REQUIRE_OK(stranger.Enter(Id("account")));
}

TEST_CASE("My products are sorted and filtered by expiry, page by page (R13)") {
  Rig rig;
  for (const int years : {3, 1, 2})
    rig.Order(DomainPurchase{absl::StrCat("y", years, ".com"), years, std::nullopt});
  const auto names = [&](const ProductFilter& filter, const std::string& after) {
    std::vector<std::string> result;
    const auto listed = rig.products.List(Id("account"), filter, after, 10);
    REQUIRE_OK(listed);
    for (const auto& aggregate : *listed) result.push_back(aggregate.product.domain_name);
    return result;
  };
  CHECK(names({}, "") == std::vector<std::string>{"y1.com", "y2.com", "y3.com"});
  CHECK(names({.descending = true}, "") == std::vector<std::string>{"y3.com", "y2.com", "y1.com"});
  CHECK(names({.expiring_before = CivilDate(2029, 1, 15)}, "") == std::vector<std::string>{"y1.com"});
  CHECK(names({.kind = core::ProductKind::kPlan}, "").empty());
  const auto first = (*rig.products.List(Id("account"), {}, "", 1)).at(0).product;
  CHECK(names({}, PositionOf(core::ExpiryOf(first), first.id)) ==
        std::vector<std::string>{"y2.com", "y3.com"});
}

}  // namespace
}  // namespace perennial::subscription
