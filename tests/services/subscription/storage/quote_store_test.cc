#include "services/subscription/storage/postgres_quote_store.h"

#include <algorithm>
#include <catch2/catch.hpp>

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

}  // namespace
}  // namespace perennial::subscription
