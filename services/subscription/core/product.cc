#include "services/subscription/core/product.h"

namespace perennial::subscription::core {
namespace {

absl::TimeZone ZoneOf(const std::string& name) {
  const auto zone = LoadTimeZone(name);
  return zone.ok() ? *zone : absl::UTCTimeZone();
}

std::optional<absl::Time> NoticeAt(const DunningPolicy& policy, const Product& product) {
  if (product.state == ProductState::kExpired && product.notice_stage <= 2)
    return StartOfDayAfter(LastWarningOf(policy, product), 0, product.time_zone);
  if (product.state != ProductState::kActive || product.notice_stage > 1) return std::nullopt;
  const int days = product.notice_stage == 0 ? policy.upcoming_days : policy.expiring_days;
  return StartOfDayAfter(ExpiryOf(product), -days, product.time_zone);
}

}  // namespace

CivilDate DateAfter(const Product& product, int months) {
  return AddMonths(*product.start, months);
}

CivilDate ExpiryOf(const Product& product) {
  return DateAfter(product, product.paid_months);
}

CivilDate TodayOf(const Product& product, absl::Time now) {
  return DateAt(now, ZoneOf(product.time_zone));
}

const Term* TermOn(const std::vector<Term>& terms, CivilDate day) {
  for (const Term& term : terms) {
    if (term.state == TermState::kActive && term.start <= day && day < term.end) return &term;
  }
  return nullptr;
}

bool PaidAhead(const Product& product, const std::vector<Term>& terms, absl::Time now) {
  if (!product.start) return false;
  const Term* current = TermOn(terms, TodayOf(product, now));
  return current != nullptr && current->end < ExpiryOf(product);
}

CivilDate LastWarningOf(const DunningPolicy& policy, const Product& product) {
  return ExpiryOf(product) + (policy.window_days - policy.lead_days - policy.last_warning_days);
}

int NoticesDueBy(const DunningPolicy& policy, const Product& product, absl::Time at) {
  int due = 0;
  for (const int days : {policy.upcoming_days, policy.expiring_days})
    due += StartOfDayAfter(ExpiryOf(product), -days, product.time_zone) <= at ? 1 : 0;
  due += StartOfDayAfter(LastWarningOf(policy, product), 0, product.time_zone) <= at ? 1 : 0;
  return due;
}

void Reschedule(const DunningPolicy& policy, bool renewal_open, Product& product) {
  const std::optional<absl::Time> planned_at = product.renew_at;
  product.renew_at = product.expires_at = product.ends_at = product.notice_at = std::nullopt;
  if (!product.start || product.state == ProductState::kEnded || product.state == ProductState::kPending)
    return;
  const CivilDate expiry = ExpiryOf(product);
  const std::string& zone = product.time_zone;
  product.expires_at = StartOfDayAfter(expiry, 0, zone);
  product.ends_at = StartOfDayAfter(expiry, product.return_days, zone);
  const bool may_renew = product.auto_renew && !renewal_open;
  if (may_renew && product.state == ProductState::kExpired) product.renew_at = planned_at;
  if (may_renew && product.state == ProductState::kActive)
    product.renew_at = StartOfDayAfter(expiry, -policy.lead_days, zone);
  product.notice_at = NoticeAt(policy, product);
}

}  // namespace perennial::subscription::core
