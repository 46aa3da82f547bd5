#include "services/subscription/storage/postgres_quote_store.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <thread>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/crypto/seal.h"
#include "tests/services/subscription/app/quote_store_contract.h"
#include "tests/services/subscription/storage/rig.h"

namespace perennial::subscription {
namespace {

TEST_CASE("The store keeps the contract of quotes") {
  Rig rig;
  testing::CheckQuoteStore(rig.quote_store, rig.QuoteFor(kGold),
                           rig.QuoteFor(DomainPurchase{"example.com", 2, Id("site")}));
  const Uuid product_id = rig.Order(kGold).offer.product_id;
  testing::CheckQuoteStore(rig.quote_store, rig.QuoteFor(UpgradeWish{product_id, "platinum"}),
                           rig.QuoteFor(UpgradeWish{product_id, "platinum"}));
}

TEST_CASE("An open quote is not stored; it is when it becomes an order") {
  Rig rig;
  const Quote quote = rig.QuoteFor(kGold);
  CHECK(rig.Count("SELECT count(*) FROM quotes") == 0);
  REQUIRE_OK(rig.Commit(quote));
  CHECK(rig.Count("SELECT count(*) FROM quotes") == 1);
  CHECK_REFUSED(rig.Commit(quote), "QUOTE_CONSUMED");
}

TEST_CASE("A quote that was changed, or of another account, or of another key, is none") {
  Rig rig;
  const Quote quote = rig.QuoteFor(kGold);
  const auto found = [&](const Uuid& account_id, const std::string& handle) {
    return rig.quote_store.Find(account_id, handle).value() != std::nullopt;
  };
  CHECK(found(Id("account"), quote.handle));
  CHECK_FALSE(found(Id("other"), quote.handle));
  for (size_t i = 0; i < quote.handle.size(); ++i) {
    std::string changed = quote.handle;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK_FALSE(found(Id("account"), changed));
  }
  for (const std::string& nonsense : {std::string(), std::string("A"), quote.handle.substr(0, 40),
                                      std::string(100'000, 'A'), std::string("\xff\0/", 3)})
    CHECK_FALSE(found(Id("account"), nonsense));
  const std::string key(32, 'k');
  for (const std::string& context : {absl::StrCat("request_log/", Id("account").ToString()),
                                     absl::StrCat("quote/0/", Id("account").ToString())})
    CHECK_FALSE(found(Id("account"), absl::WebSafeBase64Escape(crypto::Seal(key, context, "{}"))));
  PostgresQuoteStore other_key(rig.postgres.database(), std::string(32, 'x'));
  CHECK(other_key.Find(Id("account"), quote.handle).value() == std::nullopt);
}

TEST_CASE("What was sealed by an earlier process opens as it was meant, also of 40 terms") {
  Rig rig;
  // Does this fail, then the form was changed: give it another number (ContextOf), and seal this anew.
  const std::string earlier =
      "vheZXE6zQLOfVjYKguP3qk5mZe-L72wCjpOKdZ5agHVnw5xuKHOoLpcl2nvh15Ms5gj_FhyDYVU7uwk4Q6oYkZITTu"
      "VlFOD_zGcaYl4UY4I4p23vU1lnZ8LNDdgLYCFfI-AnkKnoUVvQbdKWJ9zc1-n1H6bGPN47-7psfP0om1k04BtT56nW"
      "kJOyKUiiIcDN7UwsSNezAKvt3HLAWd-eiW0DI7hLisXqlasBcNxyR0RnnOwMuyfLWBQGCzbuPGsXNdwaQCPtIgZeJk"
      "-7X94VW95VOgG_4rzSY1PbGHpTz73trVQrgrejJpQg8eHfvccaKkIcDQ0hh10sEQefQ1X4QmUX4JjNmzoJroMJJkJO"
      "jKkCyjSQG1IIrgIUwhuAMXrS4XSwwuAOED1A0ZDZELek6amrPCmCaDao9nlRH97NdnMA5wEXzNIZC_9BseX9yS_e7E"
      "PEcmuRFxR-so8EbX75Xj7gbW_sISnFqdZJB0Vrf27DDA5T0SIKUPfeatJooSGFJ7IrQ83P1r7z-rGcC6y_bzI4wlnR"
      "5LGXJz8VAr_FvVoND3DPSRUY3Ge8_jTOuFSrk-gKqaUC8kKUDLbZWQlaS-Pz-jzl_-MlRgsDpDWX6MNjrDGOU4Sb3S"
      "6cHFbOO7cCo5k3C1l0sC3jQsC3Vxr6KMIFMkekX5e17YU8I3lHubefHrpMGPRNpUO9y16CLFYMvEbMc_3rb04h4G9z"
      "zymkcFGNp4IYq-we6j5FWs6SEVkxJ07tcVYJwPkNuCUqrD_6f4qmvWaW7XmhZY4we8X6xaNx5i4sZf4_HhO15Jl6z7"
      "QzqnCvNkPfbGM2FA0fg8B4hWL_aNMrYy5YKXifX5x-ANfDogSMJYKGNp8yXSVtiXhGs158FDLEedT_Tvionm2UIhR_"
      "N4L_K8Jz5dnr6s4bJpzX5S4L1Vm74vdS0oASx_gcKmHbECTLCtO2tqZxPjJWsaeoASuf5IO9MwyKv6gm1gDjLx3Jmo"
      "uqY3nU71QY0JAR_Ls-mqNouprTeVGniFjf8JkPoJVafgPNNbJRdrGSSugQt8qz";
  const auto found = rig.quote_store.Find(Id("account"), earlier).value();
  REQUIRE(found);
  CHECK(found->offer.lines.size() == 1);
  CHECK(found->tax.total_minor == 5400);
  CHECK(found->draft.plan_id == "gold");
  Quote quote = rig.QuoteFor(kGold);
  const core::Line line = quote.offer.lines[0];
  for (int i = 1; i < 40; ++i)
    quote.offer.lines.push_back({std::string(80, 'x'), line.start + i, line.end + 90 * i, 1'000'000'000 + i});
  quote.handle = rig.quote_store.Seal(quote);
  CHECK(quote.handle.size() < 6'000);
  CHECK(rig.quote_store.Find(Id("account"), quote.handle).value()->offer == quote.offer);
}

TEST_CASE("A quote whose commit came to nothing can be committed again") {
  Rig rig;
  const Quote quote = rig.QuoteFor(kGold);
  CHECK_REFUSED(rig.postgres.database().Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(rig.orders.Commit(rig.caller, Id("account"), quote.handle, "").status());
    return Precondition("QUOTE_STALE", "");
  }),
                "QUOTE_STALE");
  CHECK(rig.Count("SELECT count(*) FROM quotes") == 0);
  REQUIRE_OK(rig.Commit(quote));
}

TEST_CASE(
    "What the release before stored of an open quote can be committed once, and is forgotten a day later") {
  Rig rig;
  Quote quote = rig.QuoteFor(kGold);
  Quote other = rig.QuoteFor(DomainPurchase{"example.com", 1, std::nullopt});
  for (Quote* each : {&quote, &other}) {
    REQUIRE(rig.quote_store.Consume(*each, Id("nobody's")).value());
    REQUIRE_OK(rig.postgres.database().Query("UPDATE quotes SET order_id = NULL WHERE id = $1", each->id));
    each->handle = each->id.ToString();
  }
  REQUIRE_OK(rig.Commit(quote));
  CHECK_REFUSED(rig.Commit(quote), "QUOTE_CONSUMED");
  rig.clock.Advance(absl::Hours(24));
  CHECK(rig.quotes.Purge().value() == 0);
  rig.clock.Advance(absl::Hours(1));
  CHECK(rig.quotes.Purge().value() == 1);
  CHECK(rig.quote_store.Find(Id("account"), other.handle).value() == std::nullopt);
  CHECK(rig.quote_store.Find(Id("account"), quote.handle).value()->order_id);
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
    const absl::Time until = absl::Now() + absl::Seconds(20);
    int64_t found = 0;
    while (found == 0 && absl::Now() < until) {
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
