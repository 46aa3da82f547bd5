#include "services/payment_token/core/payment_method.h"

#include <catch2/catch.hpp>

#include "tests/support/fakes.h"

namespace perennial::payment_token::core {
namespace {

PaymentMethod Method(const Uuid& id, int created_s) {
  PaymentMethod method;
  method.id = id;
  method.created_at = absl::FromUnixSeconds(created_s);
  return method;
}

TEST_CASE("the default is the method last used, else the newest that is held, else none (R16)") {
  testing::CountingIds ids;
  const Uuid a = ids.Next();
  const Uuid b = ids.Next();
  const Uuid c = ids.Next();
  const std::vector<PaymentMethod> held = {Method(b, 2), Method(a, 1), Method(c, 3)};
  CHECK(ChooseDefault(held, a)->id == a);
  CHECK(ChooseDefault(held, std::nullopt)->id == c);
  // The one last used was removed: the newest, whatever else was used before.
  CHECK(ChooseDefault(held, ids.Next())->id == c);
  CHECK(ChooseDefault({Method(a, 1), Method(b, 1)}, std::nullopt)->id == b);
  CHECK(ChooseDefault({}, a) == nullptr);
}

TEST_CASE("a card is described by brand and last four, and expires with its month") {
  Card card;
  card.brand = CardBrand::kAmericanExpress;
  card.last_four = "0005";
  card.expiry_month = 2;
  card.expiry_year = 2028;
  CHECK(Describe(card) == "American Express •••• 0005");
  CHECK_FALSE(IsExpired(card, CivilDate(2028, 2, 29)));
  CHECK(IsExpired(card, CivilDate(2028, 3, 1)));
}

}  // namespace
}  // namespace perennial::payment_token::core
