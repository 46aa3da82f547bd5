#include "services/subscription/core/pricing.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "tests/services/subscription/core/builders.h"

namespace perennial::subscription {
namespace {

using core::Aggregate;
using testing::Buy;
using testing::Id;
using testing::kParis;
using testing::PaidPlan;
using testing::PaidSum;
using testing::TestCatalogue;
using testing::Utc;

core::Offer Upgrade(const Aggregate& aggregate, const std::string& plan, absl::Time now) {
  const auto offer = core::OfferUpgrade(TestCatalogue(), aggregate, plan, "EUR", kParis, now);
  INFO(offer.status());
  REQUIRE(offer.ok());
  return *offer;
}

core::Offer Renewal(const Aggregate& aggregate, int cycle_months, absl::Time now) {
  const auto offer = core::OfferRenewal(TestCatalogue(), aggregate, cycle_months, false, "EUR", kParis, now);
  INFO(offer.status());
  REQUIRE(offer.ok());
  return *offer;
}

int AnyCycle() {
  return *rc::gen::elementOf(std::vector<int>{3, 6, 12, 24, 36});
}

TEST_CASE(
    "An upgrade costs the difference for the days that are left, the day of the change counted (KB-P04)") {
  core::Term term;
  term.start = CivilDate(2012, 5, 1);
  term.end = CivilDate(2013, 5, 1);
  term.cycle_months = 12;
  term.paid_minor = 239995;
  term.value = Rational::Whole(239995);
  term.whole_days = 365;
  const auto repricing = core::PriceUpgrade({term}, CivilDate(2012, 5, 11), [](int) -> absl::StatusOr<Money> {
    return Money{"USD", 599995};
  });
  REQUIRE(repricing.ok());
  CHECK(repricing->net_minor == 350137);
}

TEST_CASE("What was paid counts, not what the catalogue says today: a dearer past is not paid out") {
  Aggregate aggregate = PaidPlan(Utc(2027, 1, 1), "gold", 12);
  aggregate.terms[0].paid_minor = 100'000;
  aggregate.terms[0].value = Rational::Whole(100'000);
  const core::Offer offer = Upgrade(aggregate, "platinum", Utc(2027, 4, 1));
  CHECK(offer.NetMinor() == 0);
}

TEST_CASE("A term that became cheaper hands its difference to the others, and no line is negative") {
  Aggregate aggregate = PaidPlan(Utc(2027, 1, 1), "gold", 12);
  Buy(aggregate, Renewal(aggregate, 3, Utc(2027, 1, 1)), "renewal", Utc(2027, 1, 1));
  aggregate.terms[1].paid_minor = 9'000;
  aggregate.terms[1].value = Rational::Whole(9'000);
  const core::Offer offer = Upgrade(aggregate, "platinum", Utc(2027, 1, 1));
  // 12 months: 32712 - 16920; 3 months: 8700 - 9000.
  CHECK(offer.NetMinor() == 32712 - 16920 + 8700 - 9000);
  CHECK(offer.lines[0].net_minor == offer.NetMinor());
  CHECK(offer.lines[1].net_minor == 0);
}

TEST_CASE("Renewals lose no day, and month ends never drift (R12, R15)") {
  CHECK(rc::check("anchored", [] {
    const absl::Time start = Utc(2027, 1, 1) + absl::Hours(24) * *rc::gen::inRange(0, 1500);
    Aggregate aggregate = PaidPlan(start, "basic", 3);
    const CivilDate anchor = *aggregate.product.start;
    int months = 3;
    absl::Time now = start;
    for (int i = 0; i < 12; ++i) {
      const int cycle = AnyCycle();
      now += absl::Hours(24) * *rc::gen::inRange(0, 60);
      if (!core::OfferRenewal(TestCatalogue(), aggregate, cycle, false, "EUR", kParis, now).ok()) continue;
      const CivilDate expiry = core::ExpiryOf(aggregate.product);
      const core::Offer offer = Renewal(aggregate, cycle, now);
      RC_ASSERT(offer.TermStart() == expiry);
      Buy(aggregate, offer, absl::StrCat("renewal", i), now);
      months += cycle;
      RC_ASSERT(core::ExpiryOf(aggregate.product) == AddMonths(anchor, months));
      RC_ASSERT(aggregate.terms.back().end == core::ExpiryOf(aggregate.product));
    }
  }));
}

TEST_CASE("31 January renews to month ends and back to the 31st (R15)") {
  Aggregate aggregate = PaidPlan(Utc(2027, 1, 31), "gold", 3);
  CHECK(core::ExpiryOf(aggregate.product) == CivilDate(2027, 4, 30));
  Buy(aggregate, Renewal(aggregate, 3, Utc(2027, 2, 1)), "a", Utc(2027, 2, 1));
  CHECK(core::ExpiryOf(aggregate.product) == CivilDate(2027, 7, 31));
  CHECK(aggregate.terms[1].start == CivilDate(2027, 4, 30));
}

}  // namespace
}  // namespace perennial::subscription
