#pragma once

#include <catch2/catch.hpp>
#include <string>

#include "services/subscription/app/ports.h"
#include "tests/services/subscription/core/builders.h"
#include "tests/support/status_matchers.h"

namespace perennial::subscription::testing {

// What every QuoteStore promises. `quote` and `other` are of one account, as Quotes::Price made them.
inline void CheckQuoteStore(QuoteStore& store, const Quote& quote, const Quote& other) {
  const auto find = [&](const Uuid& account_id, const std::string& handle) {
    return store.Find(account_id, handle).value();
  };
  const Uuid account = quote.account_id;
  const std::string id = quote.id.ToString();
  const auto check_known = [&](const std::string& handle, std::optional<Uuid> order_id) {
    const std::optional<Quote> found = find(account, handle);
    REQUIRE(found);
    CHECK(found->id == quote.id);
    CHECK(found->account_id == account);
    CHECK(found->handle == handle);
    CHECK(found->offer == quote.offer);
    CHECK(found->draft == quote.draft);
    CHECK(found->tax.tax_minor == quote.tax.tax_minor);
    CHECK(found->tax.total_minor == quote.tax.total_minor);
    CHECK(found->tax.descriptions == quote.tax.descriptions);
    CHECK(found->resulting_expiry == quote.resulting_expiry);
    CHECK(found->order_id == order_id);
    CHECK(found->expires_at == quote.expires_at);
    CHECK(found->created_at == quote.created_at);
    CHECK_FALSE(find(Id("another account"), handle));
  };

  REQUIRE(quote.handle != other.handle);
  check_known(quote.handle, std::nullopt);
  CHECK_FALSE(find(account, id));  // it is no order's yet
  for (const std::string& nonsense :
       {std::string(), std::string("A"), quote.handle + "A", Id("none").ToString()})
    CHECK_FALSE(find(account, nonsense));

  CHECK(store.Consume(quote, Id("order")).value());
  CHECK_FALSE(store.Consume(quote, Id("second order")).value());
  check_known(quote.handle, Id("order"));
  check_known(id, Id("order"));
  CHECK_FALSE(find(account, other.handle)->order_id);
}

}  // namespace perennial::subscription::testing
