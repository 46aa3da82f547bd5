#include <catch2/catch.hpp>

#include "tests/services/subscription/core/builders.h"
#include "tests/support/status_matchers.h"

namespace perennial::subscription {
namespace {

using core::Catalogue;
using testing::CatalogueContent;
using testing::TestCatalogue;

TEST_CASE("A catalogue must be strictly cheaper a month the longer the cycle (R9)") {
  Catalogue::Content content = CatalogueContent();
  // 6 months at exactly twice the price of 3.
  content.plans[1].prices[1].price.minor = 2 * content.plans[1].prices[0].price.minor;
  const auto made = Catalogue::Make(std::move(content));
  REQUIRE_FALSE(made.ok());
  CHECK(std::string(made.status().message()).find("basic: 6 months in EUR is not cheaper a month") !=
        std::string::npos);
}

TEST_CASE("A catalogue must price every cycle in every currency, and every fault is told at once") {
  Catalogue::Content content = CatalogueContent();
  content.plans[2].prices.pop_back();
  content.domains.pop_back();
  const auto made = Catalogue::Make(std::move(content));
  REQUIRE_FALSE(made.ok());
  CHECK(std::string(made.status().message()).find("gold: no price for 120 months in KWD") !=
        std::string::npos);
  CHECK(std::string(made.status().message()).find("uk: no price in KWD") != std::string::npos);
}

TEST_CASE("A plan of a higher rank must be dearer") {
  Catalogue::Content content = CatalogueContent();
  content.plans[3].prices = content.plans[2].prices;
  CHECK_FALSE(Catalogue::Make(std::move(content)).ok());
}

TEST_CASE("Prices are refused by what is missing") {
  const Catalogue& catalogue = TestCatalogue();
  CHECK(catalogue.PlanPrice("gold", 3, "EUR")->minor == 4500);
  CHECK_REFUSED(catalogue.PlanPrice("silver", 12, "EUR"), "PLAN_NOT_FOUND");
  CHECK_REFUSED(catalogue.PlanPrice("gold", 5, "EUR"), "CYCLE_NOT_OFFERED");
  CHECK_REFUSED(catalogue.PlanPrice("free", 12, "EUR"), "CYCLE_NOT_OFFERED");
  CHECK_REFUSED(catalogue.PlanPrice("gold", 12, "GBP"), "CURRENCY_NOT_OFFERED");
}

TEST_CASE("A domain belongs to the longest top-level domain that it is directly under") {
  const Catalogue& catalogue = TestCatalogue();
  CHECK(*catalogue.TldOf("example.co.uk") == "co.uk");
  CHECK(*catalogue.TldOf("example.uk") == "uk");
  CHECK_REFUSED(catalogue.TldOf("www.example.com"), "TLD_NOT_OFFERED");
  CHECK_REFUSED(catalogue.TldOf("com"), "TLD_NOT_OFFERED");
  CHECK_REFUSED(catalogue.TldOf("example.dev"), "TLD_NOT_OFFERED");
}

}  // namespace
}  // namespace perennial::subscription
