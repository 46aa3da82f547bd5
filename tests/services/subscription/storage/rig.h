#pragma once

#include <catch2/catch.hpp>

#include "libs/base/status_macros.h"
#include "services/subscription/storage/postgres_deletion_store.h"
#include "services/subscription/storage/postgres_product_store.h"
#include "services/subscription/storage/postgres_quote_store.h"
#include "services/subscription/storage/postgres_site_store.h"
#include "services/subscription/storage/postgres_tax_position_store.h"
#include "tests/services/subscription/app/world.h"
#include "tests/support/postgres_fixture.h"
#include "tests/support/status_matchers.h"

namespace perennial::subscription {

using testing::Id;
using testing::kParis;
using testing::Policy;
using testing::TestCatalogue;
using testing::Utc;

// The use cases on a real Postgres, the peers in memory.
struct Rig {
  ::perennial::testing::PostgresFixture postgres{"subscription", 16};
  ::perennial::testing::FakeClock clock{Utc(2027, 1, 15)};
  TimedIdSource ids;
  testing::Killer killer;
  testing::FakeAccounts accounts;
  testing::FakeBilling billing{killer};
  testing::FakePayments payments{killer};
  testing::FakeDelivery delivery{killer};
  testing::FakeMeter meter;
  PostgresProductStore products{postgres.database(), postgres.outbox(), std::string(32, 'k')};
  PostgresSiteStore sites{postgres.database()};
  PostgresQuoteStore quote_store{postgres.database(), std::string(32, 'k')};
  PostgresTaxPositionStore tax_positions{postgres.database(), std::string(32, 'k')};
  PostgresDeletionStore deletion_store{postgres.database(), postgres.outbox(), std::string(32, 'k')};
  OrderSteps steps{TestCatalogue(), products, tax_positions, {billing, payments, delivery}, clock, meter};
  Orders orders{products, quote_store, deletion_store, steps, clock, ids, meter};
  Quotes quotes{TestCatalogue(), products, sites, quote_store, tax_positions, {accounts, billing, delivery},
                clock,           ids};
  Renewals renewals{TestCatalogue(), products, accounts, clock, ids, meter, orders};
  Deletions deletions{deletion_store, products, clock};
  Caller caller{Caller::Kind::kCustomer, Id("account"), Id("session"), ""};

  Rig() { REQUIRE_OK(sites.Insert({Id("site"), Id("account"), "shop", 1, clock.Now(), clock.Now()})); }

  Quote QuoteFor(const QuoteItem& item) {
    const auto quote = quotes.Price(caller, Id("account"), item, "EUR");
    REQUIRE_OK(quote);
    return *quote;
  }

  // As the handler's wrapper does: one transaction, then the drive.
  absl::StatusOr<core::Order> Commit(const Quote& quote) {
    absl::StatusOr<core::Order> order;
    RETURN_IF_ERROR(postgres.database().Transact([&]() -> absl::Status {
      order = orders.Commit(caller, Id("account"), quote.handle, "");
      return order.status();
    }));
    return order;
  }

  core::Order Order(const QuoteItem& item) {
    const auto order = Commit(QuoteFor(item));
    REQUIRE_OK(order);
    const auto driven = orders.Drive(Id("account"), order->id);
    REQUIRE_OK(driven);
    return *driven;
  }

  int64_t Count(const char* sql) { return (*postgres.database().Query(sql))[0].Get<int64_t>("count"); }

  void Settle() {
    int done = 1;
    while (done != 0) {
      done = renewals.ExpireDue().value() + renewals.TellDue().value() + renewals.RenewDue().value() +
             orders.RunDue().value() + renewals.EndDue().value() + deletions.RunDue().value();
    }
  }
};

inline const PlanPurchase kGold = {Id("site"), "gold", 3};

}  // namespace perennial::subscription
