#include "services/payment_token/core/card_limits.h"

#include <algorithm>
#include <functional>

namespace perennial::payment_token::core {
namespace {

constexpr int kKeptForCustomer = 2;

absl::Time AllowedAfter(std::vector<absl::Time> tries, const CardLimits& limits, int kept, absl::Time now) {
  std::sort(tries.begin(), tries.end(), std::greater<>());
  const auto wait_for = [&](int most, absl::Duration window) {
    const auto last_that_counts = static_cast<size_t>(most - kept - 1);
    return last_that_counts < tries.size() ? tries[last_that_counts] + window : now;
  };
  return std::max(
      {now, wait_for(limits.per_day, absl::Hours(24)), wait_for(limits.per_30_days, kLimitsLookBack)});
}

}  // namespace

// As acquirers tell them: Visa 20 in 30 days (https://docs.cielo.com.br/ecommerce-cielo-en/changelog),
// Mastercard 10 in 24 hours and 35 in 30 days. Of the others the least of both.
CardLimits LimitsOf(CardBrand brand) {
  switch (brand) {
    case CardBrand::kVisa:
      return {20, 20};
    case CardBrand::kMastercard:
      return {10, 35};
    case CardBrand::kAmericanExpress:
    case CardBrand::kDiscover:
    case CardBrand::kDinersClub:
    case CardBrand::kJcb:
    case CardBrand::kUnionPay:
    case CardBrand::kOther:
      return {10, 20};
  }
  return {10, 20};
}

absl::Time NextAllowed(CardBrand brand, bool off_session, const CardTries& tries, absl::Time now) {
  const CardLimits limits = LimitsOf(brand);
  const int kept = off_session ? kKeptForCustomer : 0;
  const absl::Time after_declines = AllowedAfter(tries.declined, limits, kept, now);
  if (after_declines > now) return after_declines;
  std::vector<absl::Time> all = tries.declined;
  all.insert(all.end(), tries.open.begin(), tries.open.end());
  if (AllowedAfter(std::move(all), limits, kept, now) <= now) return now;
  const absl::Time newest = *std::max_element(tries.open.begin(), tries.open.end());
  return now + std::max(kOutcomesKnown, now - newest);
}

}  // namespace perennial::payment_token::core
