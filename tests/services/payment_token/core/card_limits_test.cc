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

void Decline(CardTries& tries) {
  tries.declined.insert(tries.declined.end(), tries.open.begin(), tries.open.end());
  tries.open.clear();
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
    CardTries tries;
    absl::Time now = kStart;
    for (int i = 0; i < 120; ++i) {
      now += absl::Minutes(*rc::gen::inRange(0, 900));
      // All turn out to be in vain, some of them late.
      if (*rc::gen::inRange(0, 4) == 0) Decline(tries);
      const absl::Time allowed_at = NextAllowed(limit.brand, off_session, tries, now);
      if (allowed_at == now) {
        tries.open.push_back(now);
      } else if (tries.open.empty()) {
        now = allowed_at;
        RC_ASSERT(NextAllowed(limit.brand, off_session, tries, now) == now);
      }
    }
    Decline(tries);
    const int kept = off_session ? 2 : 0;
    RC_ASSERT(MostWithin(tries.declined, kDay) <= limit.a_day - kept);
    RC_ASSERT(MostWithin(tries.declined, 30 * kDay) <= limit.in_30_days - kept);
  }));
}

TEST_CASE("Visa: the 20th of 30 days is the customer's, the 21st nobody's") {
  CardTries tries;
  for (int i = 0; i < 18; ++i) tries.declined.push_back(kStart + i * kDay);
  const absl::Time now = kStart + 18 * kDay;
  CHECK(NextAllowed(CardBrand::kVisa, true, tries, now) == kStart + 30 * kDay);
  CHECK(NextAllowed(CardBrand::kVisa, false, tries, now) == now);
  tries.declined.push_back(now);
  tries.declined.push_back(now);
  CHECK(NextAllowed(CardBrand::kVisa, false, tries, now) == kStart + 30 * kDay);
}

TEST_CASE("What is open lets the next one wait for its outcome, not for a month") {
  CardTries tries;
  tries.declined.push_back(kStart - kDay);
  for (int i = 0; i < 17; ++i) tries.open.push_back(kStart);
  CHECK(NextAllowed(CardBrand::kVisa, true, tries, kStart) == kStart + kOutcomesKnown);
  CHECK(NextAllowed(CardBrand::kVisa, false, tries, kStart) == kStart);
  tries.open.pop_back();
  CHECK(NextAllowed(CardBrand::kVisa, true, tries, kStart) == kStart);
  tries.open.push_back(kStart);
  // Challenges that nobody answers: ever more rarely.
  CHECK(NextAllowed(CardBrand::kVisa, true, tries, kStart + absl::Hours(1)) == kStart + absl::Hours(2));
  CHECK(NextAllowed(CardBrand::kVisa, true, tries, kStart + absl::Hours(2)) == kStart + absl::Hours(4));
  for (int i = 0; i < 17; ++i) tries.declined.push_back(kStart);
  CHECK(NextAllowed(CardBrand::kVisa, true, tries, kStart) == kStart + 29 * kDay);
}

}  // namespace
}  // namespace perennial::payment_token::core
