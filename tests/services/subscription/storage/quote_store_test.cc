#include "services/subscription/storage/postgres_quote_store.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/services/subscription/storage/rig.h"

namespace perennial::subscription {
namespace {

TEST_CASE("Only a quote's own commit need not wait for the disk") {
  Rig rig;
  const auto waits = [&] {
    return (*rig.postgres.database().Query("SHOW synchronous_commit"))[0].Get<std::string>(
        "synchronous_commit");
  };
  const auto quote = rig.quotes.Price(rig.caller, Id("account"), kGold, "EUR");
  REQUIRE_OK(quote);
  REQUIRE_OK(rig.postgres.database().Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(rig.quotes.Keep(*quote));
    CHECK(waits() == "off");
    return absl::OkStatus();
  }));
  REQUIRE_OK(rig.postgres.database().Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(rig.orders.Commit(rig.caller, Id("account"), quote->id, "").status());
    CHECK(waits() == "on");
    return absl::OkStatus();
  }));
}

TEST_CASE("Products are loaded the same alone and in a batch, without those that are not there") {
  Rig rig;
  rig.Order(kGold);
  rig.Order(DomainPurchase{"example.com", 1, std::nullopt});
  rig.payments.answer = [] { return core::ChargeAnswer{.state = core::AttemptState::kOpen}; };
  rig.Order(DomainPurchase{"open.com", 1, std::nullopt});  // with an order and its attempt
  std::vector<Uuid> ids = {Id("nobody's")};
  const auto rows = rig.postgres.database().Query("SELECT id FROM products");
  REQUIRE_OK(rows);
  for (const pg::Row row : *rows) ids.push_back(row.Get<Uuid>("id"));
  const auto all = rig.products.LoadAll(ids);
  REQUIRE_OK(all);
  REQUIRE(all->size() == 3);
  size_t terms = 0, orders = 0, attempts = 0;
  for (const core::Aggregate& each : *all) {
    const auto alone = rig.products.Load(each.product.id);
    REQUIRE_OK(alone);
    CHECK(alone->product == each.product);
    CHECK(alone->terms == each.terms);
    CHECK(alone->orders == each.orders);
    // What decides has the attempts of past orders as well.
    auto of_open_orders = each.attempts;
    std::erase_if(of_open_orders, [&](const core::Attempt& attempt) {
      return std::none_of(each.orders.begin(), each.orders.end(),
                          [&](const core::Order& order) { return order.id == attempt.order_id; });
    });
    CHECK(alone->attempts == of_open_orders);
    terms += each.terms.size();
    orders += each.orders.size();
    attempts += of_open_orders.size();
  }
  CHECK(terms == 2);
  CHECK(orders == 1);
  CHECK(attempts == 1);
  CHECK_REFUSED(rig.products.Load(Id("nobody's")), "PRODUCT_NOT_FOUND");
  CHECK(rig.products.LoadAll({})->empty());
}

TEST_CASE("Of what billing told of a tax the newest is kept, and asked again when in doubt") {
  Rig rig;
  const TaxPosition french{
      {tax::Treatment::kStandard, "FR", 200'000, "France", "France"}, 3, Utc(2027, 2, 1)};
  const auto known = [&] { return rig.tax_positions.Find(Id("account")).value(); };
  CHECK(known() == std::nullopt);
  REQUIRE_OK(rig.tax_positions.Keep(Id("account"), french));
  CHECK(known() == french);
  TaxPosition other{{tax::Treatment::kReverseCharge, "DE", 0, "", ""}, 2, Utc(2027, 3, 1)};
  REQUIRE_OK(rig.tax_positions.Keep(Id("account"), other));  // an older answer
  REQUIRE_OK(rig.tax_positions.Outdate(Id("account"), 3));   // known already
  CHECK(known() == french);
  other.revision = 3;
  REQUIRE_OK(rig.tax_positions.Keep(Id("account"), other));
  CHECK(known() == other);
  REQUIRE_OK(rig.tax_positions.Outdate(Id("account"), 4));
  CHECK(known()->ask_again_at == absl::UnixEpoch());
  REQUIRE_OK(rig.tax_positions.Keep(Id("account"), other));
  CHECK(known()->ask_again_at == absl::UnixEpoch());
  other.revision = 4;
  REQUIRE_OK(rig.tax_positions.Keep(Id("account"), other));
  CHECK(known() == other);
  REQUIRE_OK(rig.tax_positions.Doubt(Id("account")));
  CHECK(known()->ask_again_at == absl::UnixEpoch());
  // A change that comes before the first answer.
  REQUIRE_OK(rig.tax_positions.Outdate(Id("other"), 1));
  TaxPosition first = french;
  first.revision = 0;
  REQUIRE_OK(rig.tax_positions.Keep(Id("other"), first));
  CHECK(rig.tax_positions.Find(Id("other")).value()->ask_again_at == absl::UnixEpoch());
  // Together with a product.
  const Uuid product_id = rig.Order(kGold).offer.product_id;
  const auto both = rig.tax_positions.FindWithProduct(Id("account"), product_id);
  REQUIRE_OK(both);
  CHECK(both->position == known());
  CHECK(both->product.product == rig.products.Load(product_id)->product);
  CHECK(both->product.terms == rig.products.Load(product_id)->terms);
  CHECK_REFUSED(rig.tax_positions.FindWithProduct(Id("account"), Id("nobody's")), "PRODUCT_NOT_FOUND");
}

TEST_CASE("Nothing is kept of a deleted account's tax, whatever comes after (R7)") {
  Rig rig;
  const auto quote = rig.quotes.Price(rig.caller, Id("account"), kGold, "EUR");
  REQUIRE_OK(quote);
  REQUIRE_OK(rig.quotes.Keep(*quote));
  CHECK(rig.Count("SELECT count(*) FROM tax_positions") == 1);
  CHECK(rig.deletion_store.Export(Id("account"))->find(R"("tax_position": {"rate_ppm": 200000)") !=
        std::string::npos);
  REQUIRE_OK(rig.deletions.OnAccountDeleted(Id("account")));
  rig.Settle();
  REQUIRE_OK(rig.quotes.OnTaxChanged(Id("account"), 7));
  const absl::Status kept = rig.postgres.database().Transact([&] { return rig.quotes.Keep(*quote); });
  CHECK_REFUSED(kept, "ACCOUNT_DELETED");
  CHECK(rig.Count("SELECT count(*) FROM tax_positions") == 0);
  CHECK(rig.Count("SELECT count(*) FROM quotes") == 0);
}

TEST_CASE("Who enters while an account is being deleted waits, and is refused") {
  Rig rig;
  const Uuid account = rig.ids.Next();  // its lock is no other test's
  const auto await_lock = [&](bool granted) {
    int64_t found = 0;
    while (found == 0) {
      found = (*rig.postgres.database().Query(
          "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted = $2 AND "
          "(classid::bigint << 32 | objid::bigint) = hashtextextended($1, 7)",
          account, granted))[0]
                  .Get<int64_t>("count");
    }
  };
  std::thread purge([&] {
    (void)rig.postgres.database().Transact([&]() -> absl::Status {
      RETURN_IF_ERROR(rig.postgres.database()
                          .Query("SELECT pg_advisory_xact_lock(hashtextextended($1, 7))::text", account)
                          .status());
      RETURN_IF_ERROR(rig.deletion_store.MarkDeleted(account, rig.clock.Now()));
      await_lock(false);
      return absl::OkStatus();
    });
  });
  await_lock(true);
  const absl::Status entered =
      rig.postgres.database().Transact([&] { return rig.deletion_store.Enter(account); });
  purge.join();
  CHECK_REFUSED(entered, "ACCOUNT_DELETED");
}

}  // namespace
}  // namespace perennial::subscription
