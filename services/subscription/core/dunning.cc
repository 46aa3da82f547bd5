#include "services/subscription/core/dunning.h"

#include <algorithm>
#include <functional>

namespace perennial::subscription::core {
namespace {

// Visa: 20 in 30 days; Mastercard: 10 in 24 hours (research: acquirers' rules).
constexpr int kNetworkMax30Days = 20;
constexpr int kNetworkMaxDay = 10;

absl::TimeZone ZoneOf(const std::string& name) {
  const auto zone = LoadTimeZone(name);
  return zone.ok() ? *zone : absl::UTCTimeZone();
}

bool Ascends(const std::vector<int>& days) {
  return std::adjacent_find(days.begin(), days.end(), [](int a, int b) { return a >= b; }) == days.end();
}

int MostIn30Days(const std::vector<int>& days) {
  int most = 0;
  for (auto first = days.begin(); first != days.end(); ++first) {
    const auto end = std::find_if(first, days.end(), [&](int day) { return day >= *first + 30; });
    most = std::max(most, static_cast<int>(end - first));
  }
  return most;
}

}  // namespace

absl::Status CheckDunningPolicy(const DunningPolicy& policy) {
  const auto& days = policy.soft_days;
  const bool ladder = !days.empty() && days.front() == 0 && Ascends(days) && days.back() < policy.window_days;
  if (!ladder) return absl::InvalidArgumentError("dunning: soft_days must ascend from 0 within window_days");
  const bool capped = policy.attempts_per_30_days_max >= 1 &&
                      policy.attempts_per_30_days_max <= kNetworkMax30Days &&
                      policy.attempts_per_day_max >= 1 && policy.attempts_per_day_max <= kNetworkMaxDay &&
                      MostIn30Days(days) <= policy.attempts_per_30_days_max;
  if (!capped) return absl::InvalidArgumentError("dunning: more attempts than the card networks allow");
  const bool order = 0 < policy.expiring_days && policy.expiring_days < policy.lead_days &&
                     policy.lead_days < policy.upcoming_days && policy.lead_days < policy.window_days;
  if (!order)
    return absl::InvalidArgumentError("dunning: expiring < lead < upcoming and lead < window is needed");
  if (policy.last_warning_days < 1 || policy.last_warning_days >= policy.window_days - policy.lead_days)
    return absl::InvalidArgumentError("dunning: the last warning must be between the expiry and the end");
  return absl::OkStatus();
}

absl::Time StartOfDayAfter(CivilDate date, int days, const std::string& zone) {
  return StartOfDay(date + days, ZoneOf(zone));
}

std::optional<absl::Time> NextRung(const DunningPolicy& policy, absl::Time first_attempt,
                                   const std::string& zone, absl::Time now, absl::Time ends_at) {
  const absl::Time last = StartOfDayAfter(DateAt(ends_at, ZoneOf(zone)), -1, zone);
  if (last <= now) return std::nullopt;
  const CivilDate first_day = DateAt(first_attempt, ZoneOf(zone));
  for (const int days : policy.soft_days) {
    const absl::Time rung = StartOfDayAfter(first_day, days, zone);
    if (rung > now) return std::min(rung, last);
  }
  return std::nullopt;
}

int RungOf(const DunningPolicy& policy, absl::Time first_attempt, const std::string& zone, absl::Time now) {
  const auto days = DaysBetween(DateAt(first_attempt, ZoneOf(zone)), DateAt(now, ZoneOf(zone)));
  const auto next = std::upper_bound(policy.soft_days.begin(), policy.soft_days.end(), days);
  return std::max<int>(0, static_cast<int>(next - policy.soft_days.begin()) - 1);
}

absl::Time NextAllowed(const DunningPolicy& policy, std::vector<absl::Time> attempts, absl::Time now) {
  std::sort(attempts.begin(), attempts.end(), std::greater<>());
  const auto wait_for = [&](int most, absl::Duration window) {
    const auto last_that_counts = static_cast<size_t>(most - 1);
    return last_that_counts < attempts.size() ? attempts[last_that_counts] + window : now;
  };
  return std::max({now, wait_for(policy.attempts_per_day_max, absl::Hours(24)),
                   wait_for(policy.attempts_per_30_days_max, absl::Hours(24 * 30))});
}

}  // namespace perennial::subscription::core
