#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "tests/services/subscription/core/builders.h"

namespace perennial::subscription {
namespace {

using testing::Policy;
using testing::Utc;

TEST_CASE("The ladder's attempts are at the start of the customer's days, within 45 days (R15, R17)") {
  const auto policy = Policy();
  const absl::Time first = Utc(2027, 1, 31, 23, 0);  // 1 February 00:00 in Paris
  const absl::Time ends = core::StartOfDayAfter(CivilDate(2027, 2, 1), 45, "Europe/Paris");
  std::vector<int64_t> days;
  absl::Time now = first;
  while (const auto rung = core::NextRung(policy, first, "Europe/Paris", now, ends)) {
    days.push_back(DaysBetween(CivilDate(2027, 2, 1), DateAt(*rung, *LoadTimeZone("Europe/Paris"))));
    now = *rung;
  }
  CHECK(days == std::vector<int64_t>{1, 3, 5, 7, 10, 14, 18, 22, 26, 30, 35, 40, 44});
}

TEST_CASE("A ladder past the window, or beyond the card networks' limits, is refused (NW-D01, NW-D03)") {
  auto policy = Policy();
  CHECK(core::CheckDunningPolicy(policy).ok());
  policy.soft_days.push_back(45);
  CHECK_FALSE(core::CheckDunningPolicy(policy).ok());
  policy = Policy();
  policy.soft_days.clear();
  for (int day = 0; day < 45; ++day) policy.soft_days.push_back(day);
  CHECK_FALSE(core::CheckDunningPolicy(policy).ok());
  policy = Policy();
  policy.attempts_per_day_max = 11;
  CHECK_FALSE(core::CheckDunningPolicy(policy).ok());
}

TEST_CASE("A late attempt takes the next rung after it, and none twice") {
  CHECK(rc::check("rungs ascend", [](uint16_t minutes) {
    const auto policy = Policy();
    const absl::Time first = Utc(2027, 3, 1);
    const absl::Time now = first + absl::Minutes(minutes);
    const auto rung = core::NextRung(policy, first, "America/New_York", now, first + absl::Hours(24 * 45));
    if (rung) {
      RC_ASSERT(*rung > now);
      RC_ASSERT(core::RungOf(policy, first, "America/New_York", *rung) >
                core::RungOf(policy, first, "America/New_York", now));
    }
  }));
}

TEST_CASE("Attempts of one order stay within a day's and a month's limit, new methods included") {
  const auto policy = Policy();
  const absl::Time now = Utc(2027, 3, 1);
  std::vector<absl::Time> attempts(7, now - absl::Hours(1));
  CHECK(core::NextAllowed(policy, attempts, now) == now);
  attempts.push_back(now);
  CHECK(core::NextAllowed(policy, attempts, now) > now);
  CHECK(core::NextAllowed(policy, attempts, now + absl::Hours(25)) == now + absl::Hours(25));
  attempts.assign(18, now - absl::Hours(24 * 20));
  CHECK(core::NextAllowed(policy, attempts, now) > now);
}

}  // namespace
}  // namespace perennial::subscription
