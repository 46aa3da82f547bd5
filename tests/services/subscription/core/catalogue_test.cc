#include <catch2/catch.hpp>

#include "services/subscription/core/quoting.h"
#include "services/subscription/core/renewal_rules.h"
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

TEST_CASE("A plan or domain ending that is retired is sold to nobody, and stays with who has it (R9, R11)") {
  Catalogue::Content content = CatalogueContent();
  for (core::Plan& plan : content.plans) plan.retired = plan.id == "gold";
  for (core::DomainPrice& price : content.domains) price.retired = true;
  const Catalogue later = *Catalogue::Make(content);
  const absl::Time bought = testing::Utc(2027, 1, 15), now = testing::Utc(2027, 6, 1);
  core::Aggregate gold = testing::PaidPlan(bought);
  REQUIRE(gold.product.plan_id == "gold");

  const auto renewal = core::OfferRenewal(later, gold, 0, false, "EUR", testing::kParis, now);
  REQUIRE_OK(renewal);
  CHECK(renewal->NetMinor() == later.PlanPrice("gold", gold.product.cycle_months, "EUR")->minor);
  REQUIRE_OK(core::OfferAutomaticRenewal(later, gold, testing::kParis, now));
  REQUIRE_OK(core::OfferUpgrade(later, gold, "platinum", "EUR", testing::kParis, now));
  CHECK(later.FindPlan("gold")->entitlements.own_domain ==
        TestCatalogue().FindPlan("gold")->entitlements.own_domain);

  CHECK_REFUSED(later.FindPlanOnSale("gold"), "PLAN_NOT_FOUND");
  REQUIRE_OK(later.FindPlanOnSale("platinum"));
  core::Aggregate basic = gold;
  basic.product.plan_id = basic.terms[0].plan_id = "basic";
  CHECK_REFUSED(core::OfferUpgrade(later, basic, "gold", "EUR", testing::kParis, now), "PLAN_NOT_FOUND");
  core::Aggregate platinum = gold;
  platinum.product.plan_id = "platinum";
  CHECK_REFUSED(core::ChangeSettings(later, {.next_plan_id = "gold"}, platinum, now), "PLAN_NOT_FOUND");
  core::Product domain = testing::PaidDomain(bought).product;
  CHECK_REFUSED(core::OfferPurchase(later, domain, testing::kParis, now), "TLD_NOT_OFFERED");
  REQUIRE_OK(core::RenewalPrice(later, domain, "", 12));

  content.plans[0].retired = true;
  CHECK_FALSE(Catalogue::Make(content).ok());
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
