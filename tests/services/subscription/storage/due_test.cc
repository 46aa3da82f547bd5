#include "services/subscription/storage/due_statements.h"

#include <catch2/catch.hpp>

#include "services/subscription/app/sites.h"
#include "services/subscription/storage/business_metrics.h"
#include "services/subscription/storage/product_rows.h"
#include "tests/services/subscription/storage/rig.h"

namespace perennial::subscription {
namespace {

// Copies the only product and its order, due in a year, and lets Postgres count what there is.
void Fill(Rig& rig) {
  for (const char* sql :
       {"INSERT INTO products (" PERENNIAL_PRODUCT_COLUMNS
        ", expiry_date) SELECT gen_random_uuid(), account_id, 'domain', display_name, NULL, plan_id, "
        "n::text, "
        "domain_product_id, local_part, mailbox_address, CASE WHEN n % 20 = 0 THEN 'expired' ELSE 'active' "
        "END, "
        "delivery_state, currency, cycle_months, start_date, paid_months, time_zone, auto_renew, "
        "next_plan_id, "
        "next_cycle_months, renew_at + n * interval '1 hour', expires_at + n * interval '1 hour', "
        "ends_at + n * interval '1 hour', notice_at + n * interval '1 hour', notice_stage, return_days, "
        "declined_method, version, paid_version, created_at, updated_at, expiry_date FROM products, "
        "generate_series(1, 20000) n",
        "INSERT INTO orders (" PERENNIAL_ORDER_COLUMNS
        ", product_id, kind, term_start) SELECT gen_random_uuid(), o.account_id, NULL, o.offer, CASE WHEN "
        "p.state = 'expired' THEN 'waiting' ELSE 'done' END, o.failure, o.total_minor, o.wanted_method, "
        "o.payment_method, o.payment_description, NULL, o.attempt_count, o.wait, CASE WHEN p.state = "
        "'expired' "
        "THEN p.ends_at END, NULL, NULL, o.decline_code, o.action_url, o.invoice, o.refund, o.credit_note, "
        "NULL, o.faults, NULL, o.version, o.created_at, o.updated_at, p.id, o.kind, o.term_start FROM orders "
        "o, "
        "products p WHERE p.kind = 'domain'",
        "ANALYZE products", "ANALYZE orders"})
    REQUIRE_OK(rig.postgres.database().Query(sql));
}

TEST_CASE("Finding work costs what is due, not what exists: by the indexes, with 20,000 products") {
  Rig rig;
  rig.Order(kGold);
  Fill(rig);
  const auto plan_of = [&](const std::string& sql, const auto&... args) {
    std::string plan;
    const auto rows = rig.postgres.database().Query("EXPLAIN " + sql, args...);
    REQUIRE_OK(rows);
    for (const pg::Row row : *rows) plan += row.Get<std::string>("QUERY PLAN") + "\n";
    return plan;
  };
  const absl::Time now = rig.clock.Now();
  const std::vector<std::pair<std::string, std::string>> plans = {
      {"products_renewal_due", plan_of(kRenewalsDue, now, 100)},
      {"products_notice_due", plan_of(kNoticesDue, now, 100)},
      {"products_expiry_due", plan_of(kExpiriesDue, now, 100)},
      {"products_end_due", plan_of(kEndsDue, now, 100)},
      {"orders_due", plan_of(kClaimOrdersDue, now, now + absl::Seconds(90), 20)}};
  for (const auto& [index, plan] : plans) {
    INFO(plan);
    CHECK(plan.find(index) != std::string::npos);
    CHECK(plan.find("Seq Scan on products") == std::string::npos);
    CHECK(plan.find("Seq Scan on orders") == std::string::npos);
  }
}

TEST_CASE("A site goes only when nothing of it runs; its ended plan is told of, its domain lives on") {
  Rig rig;
  Sites cases{TestCatalogue(), rig.sites, rig.products, rig.deletion_store, rig.clock, rig.ids};
  const auto remove = [&] {
    return rig.postgres.database().Transact(
        [&] { return cases.Delete(rig.caller, Id("account"), Id("site"), ""); });
  };
  rig.Order(kGold);
  rig.Order(DomainPurchase{"example.com", 1, Id("site")});
  CHECK_REFUSED(remove(), "SITE_HAS_PRODUCTS");
  const Uuid plan =
      rig.products.List(Id("account"), {.kind = core::ProductKind::kPlan}, "", 10)->at(0).product.id;
  REQUIRE_OK(rig.products.Update(plan, [&](core::Aggregate& aggregate) {
    return core::ChangeSettings(TestCatalogue(),
                                {.auto_renew = false, .next_plan_id = {}, .next_cycle_months = {}}, aggregate,
                                rig.clock.Now());
  }));
  rig.clock.Set(Utc(2027, 4, 16));
  rig.Settle();
  REQUIRE_OK(remove());
  CHECK(rig.Count("SELECT count(*) FROM sites") == 0);
  CHECK(rig.products.Load(plan)->product.state == core::ProductState::kEnded);
  CHECK(rig.Count("SELECT count(*) FROM outbox WHERE type = 'product.deleted' AND "
                  "attributes->>'reason' = 'site_deleted'") == 1);
  CHECK(rig.Count("SELECT count(*) FROM products WHERE state = 'active' AND site_id IS NULL") == 1);
}

TEST_CASE("An order that is being delivered is not one that is stuck") {
  Rig rig;
  rig.delivery.answer = {.state = core::DeliveryAnswer::State::kPending};
  const core::Order order = rig.Order(DomainPurchase{"example.com", 1, std::nullopt});
  CHECK(core::StateOf(order) == core::OrderState::kDelivering);
  const auto oldest = [&] {
    return (*rig.postgres.database().Query(kOldestOpen))[0].Get<std::optional<absl::Time>>("oldest");
  };
  CHECK_FALSE(oldest());
  REQUIRE_OK(rig.Commit(rig.QuoteFor(kGold)));
  CHECK(oldest());
}

TEST_CASE("Gauges are read without changing anything") {
  Rig rig;
  BusinessMetrics metrics(rig.postgres.database(), rig.postgres.metrics(), Policy(), rig.clock);
  CHECK(metrics.Measure().value() == 0);
  REQUIRE_OK(rig.Commit(rig.QuoteFor(kGold)));
  CHECK(metrics.Measure().value() == 0);
}

}  // namespace
}  // namespace perennial::subscription
