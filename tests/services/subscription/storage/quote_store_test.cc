#include "services/subscription/storage/postgres_quote_store.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/services/subscription/storage/rig.h"

namespace perennial::subscription {
namespace {

// As the wire shows it.
void CheckSame(const Quote& found, const Quote& quote) {
  CHECK(found.id == quote.id);
  CHECK(found.account_id == quote.account_id);
  CHECK(found.handle == quote.handle);
  CHECK(found.offer == quote.offer);
  CHECK(found.draft == quote.draft);
  CHECK(found.tax.tax_minor == quote.tax.tax_minor);
  CHECK(found.tax.total_minor == quote.tax.total_minor);
  CHECK(found.tax.descriptions == quote.tax.descriptions);
  CHECK(found.resulting_expiry == quote.resulting_expiry);
  CHECK(found.order_id == quote.order_id);
  CHECK(found.expires_at == quote.expires_at);
  CHECK(found.created_at == quote.created_at);
}

TEST_CASE(
    "An open quote is its name, and nothing is stored; one that became an order has its id for a name") {
  Rig rig;
  const Uuid product_id = rig.Order(kGold).offer.product_id;
  const int64_t before = rig.Count("SELECT count(*) FROM quotes");
  for (const QuoteItem& item : std::vector<QuoteItem>{DomainPurchase{"example.com", 2, Id("site")},
                                                      UpgradeWish{product_id, "platinum"}}) {
    Quote quote = rig.QuoteFor(item);
    CheckSame(*rig.quote_store.Find(Id("account"), quote.handle).value(), quote);
    CHECK(rig.quote_store.Find(Id("account"), quote.id.ToString()).value() == std::nullopt);
    CHECK(rig.Count("SELECT count(*) FROM quotes") == before);
    REQUIRE_OK(rig.Commit(quote));
    quote.order_id = rig.quote_store.Find(Id("account"), quote.handle).value()->order_id;
    REQUIRE(quote.order_id);
    CheckSame(*rig.quote_store.Find(Id("account"), quote.handle).value(), quote);
    quote.handle = quote.id.ToString();
    CheckSame(*rig.quote_store.Find(Id("account"), quote.handle).value(), quote);
    CHECK_REFUSED(rig.Commit(quote), "QUOTE_CONSUMED");
    CHECK(rig.quote_store.Find(Id("other"), quote.handle).value() == std::nullopt);
    rig.Settle();
    REQUIRE_OK(rig.postgres.database().Query("DELETE FROM quotes WHERE id = $1", quote.id));
  }
}

TEST_CASE("A quote that was changed, or of another account, or of another key, is none") {
  Rig rig;
  const Quote quote = rig.QuoteFor(kGold);
  const auto found = [&](const Uuid& account_id, const std::string& handle) {
    return rig.quote_store.Find(account_id, handle).value() != std::nullopt;
  };
  CHECK(found(Id("account"), quote.handle));
  CHECK_FALSE(found(Id("other"), quote.handle));
  for (size_t i = 0; i + 2 < quote.handle.size(); ++i) {  // the last character has unused bits
    std::string changed = quote.handle;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK_FALSE(found(Id("account"), changed));
  }
  for (const std::string& nonsense : {std::string(), std::string("A"), quote.handle.substr(0, 40),
                                      std::string(100'000, 'A'), std::string("\xff\0/", 3)})
    CHECK_FALSE(found(Id("account"), nonsense));
  PostgresQuoteStore other_key(rig.postgres.database(), std::string(32, 'x'));
  CHECK(other_key.Find(Id("account"), quote.handle).value() == std::nullopt);
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
  const Quote quote = rig.QuoteFor(kGold);
  CHECK(rig.Count("SELECT count(*) FROM tax_positions") == 1);
  CHECK(rig.deletion_store.Export(Id("account"))->find(R"("tax_position": {"rate_ppm": 200000)") !=
        std::string::npos);
  const TaxPosition told = rig.tax_positions.Find(Id("account")).value().value();
  REQUIRE_OK(rig.deletions.OnAccountDeleted(Id("account")));
  rig.Settle();
  REQUIRE_OK(rig.quotes.OnTaxChanged(Id("account"), 7));
  REQUIRE_OK(rig.tax_positions.Keep(Id("account"), told));  // an answer that was on its way
  CHECK_REFUSED(rig.Commit(quote), "ACCOUNT_DELETED");
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
