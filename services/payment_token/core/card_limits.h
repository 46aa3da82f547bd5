#pragma once

#include <vector>

#include "absl/time/time.h"
#include "services/payment_token/core/card.h"

namespace perennial::payment_token::core {

// How often a card may be tried in vain before its network charges or blocks us for it.
struct CardLimits {
  int per_day = 0;
  int per_30_days = 0;
};
CardLimits LimitsOf(CardBrand brand);

inline constexpr absl::Duration kLimitsLookBack = absl::Hours(24 * 30);

// When a card was tried, for whatever product in whatever account.
struct CardTries {
  std::vector<absl::Time> declined;
  std::vector<absl::Time> open;  // with an outcome that is not known yet: perhaps in vain as well
};

// When one more attempt on the card stays within its network's limits (R17): `now`, or later. If only those
// that are open stand in the way it is kOutcomesKnown later: most succeed, and then wear the card out no
// more; or, if they are challenges that nobody answers, as long as the newest of them is open already.
// Without the customer two are kept back, so that they can still pay by hand.
absl::Time NextAllowed(CardBrand brand, bool off_session, const CardTries& tries, absl::Time now);

inline constexpr absl::Duration kOutcomesKnown = absl::Minutes(10);

}  // namespace perennial::payment_token::core
