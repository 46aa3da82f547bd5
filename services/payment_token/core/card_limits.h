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

// When one more attempt on the card stays within its network's limits (R17): `now`, or later. `tries`: when
// it was tried without success, or with an outcome that is not known yet, for whatever product. Without the
// customer two are kept back, so that they can still pay by hand.
absl::Time NextAllowed(CardBrand brand, bool off_session, std::vector<absl::Time> tries, absl::Time now);

}  // namespace perennial::payment_token::core
