#include <catch2/catch.hpp>

#include "tests/services/subscription/core/builders.h"

// Cases from other billing systems' tests and bug reports, by their ids; the whole suite comes with docs.
namespace perennial::subscription {
namespace {

core::Term TermOf(CivilDate start, CivilDate end, int64_t paid_minor) {
  core::Term term;
  term.start = start;
  term.end = end;
  term.cycle_months = 12;
  term.paid_minor = paid_minor;
  term.value = Rational::Whole(paid_minor);
  term.whole_days = static_cast<int>(DaysBetween(start, end));
  return term;
}

int64_t UpgradeNet(const core::Term& term, CivilDate day, int64_t new_price) {
  return core::PriceUpgrade({term}, day,
                            [=](int) -> absl::StatusOr<Money> {
                              return Money{"EUR", new_price};
                            })
      ->net_minor;
}

TEST_CASE("LG-P01: the credit of the last day of 31 is 32 of 1000 cents") {
  const core::Term term = TermOf(CivilDate(2023, 8, 29), CivilDate(2023, 9, 29), 1000);
  CHECK(core::UnconsumedValue(term, CivilDate(2023, 9, 28)).Round() == 32);
}

TEST_CASE("ML-P01: a day's rate is never rounded, so half of 10.00 is 5.00") {
  const core::Term term = TermOf(CivilDate(2026, 4, 1), CivilDate(2026, 5, 1), 1000);
  CHECK(core::UnconsumedValue(term, CivilDate(2026, 4, 16)).Round() == 500);
  CHECK(UpgradeNet(term, CivilDate(2026, 4, 16), 9900) == 4950 - 500);
}

TEST_CASE("WH-P02: a year's upgrade is priced by the year, not by four quarters") {
  CHECK(UpgradeNet(TermOf(CivilDate(2026, 1, 1), CivilDate(2027, 1, 1), 6500), CivilDate(2026, 1, 1),
                   14000) == 7500);
}

TEST_CASE("RC-P01: a second upgrade counts the value of what is held, not the last payment") {
  const core::Term first = TermOf(CivilDate(2017, 5, 19), CivilDate(2018, 5, 19), 6000);
  const int64_t line = UpgradeNet(first, CivilDate(2017, 5, 20), 8000);
  const auto terms =
      core::SplitTerms({first}, CivilDate(2017, 5, 20), {line}, "two", testing::Id("o"), absl::UnixEpoch());
  const core::Term& held = terms.back();
  // 324 of 364 days of 59.8356 (unconsumed) + 19.95 (paid): near what the reporter expected, not 17.95.
  CHECK(core::UnconsumedValue(held, CivilDate(2017, 6, 29)).Round() == 7102);
}

TEST_CASE("RC-E01: an upgrade on the first day keeps the expiry and costs the difference") {
  CHECK(UpgradeNet(TermOf(CivilDate(2017, 6, 30), CivilDate(2018, 6, 30), 1000), CivilDate(2017, 6, 30),
                   5000) == 4000);
}

TEST_CASE("LG-P05: upgrades within an hour are charged by what is held") {
  const core::Term first = TermOf(CivilDate(2024, 3, 12), CivilDate(2024, 4, 1), 645);
  const int64_t once = UpgradeNet(first, CivilDate(2024, 3, 12), 1226);
  const int64_t step = UpgradeNet(first, CivilDate(2024, 3, 12), 968);
  const auto terms =
      core::SplitTerms({first}, CivilDate(2024, 3, 12), {step}, "two", testing::Id("o"), absl::UnixEpoch());
  CHECK(step + UpgradeNet(terms.back(), CivilDate(2024, 3, 12), 1226) == once);
}

TEST_CASE("FB-M01, LG-M01: months are counted from the anchor") {
  CHECK(AddMonths(CivilDate(2015, 1, 31), 1) == CivilDate(2015, 2, 28));
  CHECK(AddMonths(CivilDate(2022, 12, 31), 15) == CivilDate(2024, 3, 31));
}

TEST_CASE("RC-E02: an early renewal is added to the expiry") {
  const auto now = testing::Utc(2013, 12, 31);
  core::Aggregate aggregate = testing::PaidPlan(now, "gold", 12);
  const auto offer = core::OfferRenewal(testing::TestCatalogue(), aggregate, 12, false, "EUR",
                                        testing::kParis, testing::Utc(2014, 11, 6));
  REQUIRE(offer.ok());
  CHECK(offer->TermEnd() == CivilDate(2015, 12, 31));
}

}  // namespace
}  // namespace perennial::subscription
