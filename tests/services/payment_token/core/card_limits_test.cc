#include "services/payment_token/core/card_limits.h"

#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>

namespace perennial::payment_token::core {
namespace {

const absl::Time kStart = absl::FromCivil(absl::CivilDay(2027, 1, 15), absl::UTCTimeZone());
constexpr absl::Duration kDay = absl::Hours(24);

int MostWithin(const std::vector<absl::Time>& tries, absl::Duration window) {
  int most = 0;
  for (const absl::Time from : tries) {
    const auto count = std::count_if(tries.begin(), tries.end(),
                                     [&](absl::Time at) { return at >= from && at < from + window; });
    most = std::max(most, static_cast<int>(count));
  }
  return most;
}

TEST_CASE("However often something wants to be tried, a card stays within its network's limits (R17)") {
  struct Limit {
    CardBrand brand;
    int a_day;
    int in_30_days;
  };
  const std::vector<Limit> limits = {{CardBrand::kVisa, 20, 20},
                                     {CardBrand::kMastercard, 10, 35},
                                     {CardBrand::kAmericanExpress, 10, 20},
                                     {CardBrand::kOther, 10, 20}};
  CHECK(rc::check("within", [&] {
    const Limit limit = *rc::gen::elementOf(limits);
    const bool off_session = *rc::gen::arbitrary<bool>();
    std::vector<absl::Time> tries;
    absl::Time now = kStart;
    for (int i = 0; i < 120; ++i) {
      now += absl::Minutes(*rc::gen::inRange(0, 900));
      now = NextAllowed(limit.brand, off_session, tries, now);
      RC_ASSERT(NextAllowed(limit.brand, off_session, tries, now) == now);
      tries.push_back(now);
    }
    const int kept = off_session ? 2 : 0;
    RC_ASSERT(MostWithin(tries, kDay) <= limit.a_day - kept);
    RC_ASSERT(MostWithin(tries, 30 * kDay) <= limit.in_30_days - kept);
  }));
}

TEST_CASE("Visa: the 20th of 30 days is the customer's, the 21st nobody's") {
  std::vector<absl::Time> tries;
  for (int i = 0; i < 18; ++i) tries.push_back(kStart + i * kDay);
  const absl::Time now = kStart + 18 * kDay;
  CHECK(NextAllowed(CardBrand::kVisa, true, tries, now) == kStart + 30 * kDay);
  CHECK(NextAllowed(CardBrand::kVisa, false, tries, now) == now);
  tries.push_back(now);
  tries.push_back(now);
  CHECK(NextAllowed(CardBrand::kVisa, false, tries, now) == kStart + 30 * kDay);
}

}  // namespace
}  // namespace perennial::payment_token::core
