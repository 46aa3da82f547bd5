#include "services/domain_mailbox/core/domain.h"

#include "services/domain_mailbox/core/domain_name.h"

namespace perennial::domain_mailbox::core {
namespace {

// After the registry's own renewal, so that its new date is seen.
constexpr absl::Duration kAfterRegistryExpiry = absl::Hours(1);

absl::Duration Days(int days) {
  return absl::Hours(24) * days;
}

// A name that was sold once stays looked after when its top-level domain is no longer offered.
Tld TldOf(const Domain& domain) {
  const absl::StatusOr<DomainName> name = ParseDomainName(domain.name);
  return name.ok() ? *name->tld : Tld{"", 35, 30, 10};
}

DomainUpkeep PlanExpired(const Domain& domain, absl::Time now) {
  DomainUpkeep plan{.zone = DomainUpkeep::Zone::kHold, .next_state = {}, .next_at = {}};
  // A civil day, as subscription counts it: its price for redemption begins at the same moment (R20).
  const absl::Time lapses = PaidUntil(domain.paid_through + TldOf(domain).renew_grace_days, domain.time_zone);
  if (now < lapses) {
    plan.next_at = lapses;
    return plan;
  }
  plan.delete_at_registrar = true;
  plan.next_state = DomainState::kRedemption;
  plan.next_at = now + Days(TldOf(domain).redemption_days);
  return plan;
}

DomainUpkeep PlanGone() {
  return {.zone = DomainUpkeep::Zone::kRemove, .next_state = DomainState::kDeleted, .next_at = {}};
}

DomainUpkeep PlanMissing(const Domain& domain, absl::Time now) {
  if (domain.missing_since && now - *domain.missing_since >= kBelieveMissingAfter) return PlanGone();
  return {.name_is_missing = true, .next_state = {}, .next_at = {}};
}

DomainUpkeep PlanRedemption(const Domain& domain, bool is_missing, absl::Time now) {
  const absl::Time lost = domain.redemption_since.value_or(now) + Days(TldOf(domain).redemption_days);
  if (now >= lost) return PlanGone();
  if (is_missing) return PlanMissing(domain, now);
  return {.zone = DomainUpkeep::Zone::kHold, .next_state = {}, .next_at = lost};
}

}  // namespace

const RegistryRecord* OwnRecord(const RegistryInfo& info, const Domain& domain) {
  const auto* record = std::get_if<RegistryRecord>(&info);
  return record != nullptr && record->holder == domain.id ? record : nullptr;
}

absl::Time PaidUntil(CivilDate paid_through, const std::string& time_zone) {
  return StartOfDay(paid_through, LoadTimeZone(time_zone).value_or(absl::UTCTimeZone()));
}

DomainState StateByDate(const Domain& domain, absl::Time now) {
  return now < PaidUntil(domain.paid_through, domain.time_zone) ? DomainState::kActive
                                                                : DomainState::kExpired;
}

DomainUpkeep PlanUpkeep(const Domain& domain, const RegistryInfo& info, absl::Time now) {
  const RegistryRecord* record = OwnRecord(info, domain);
  switch (domain.state) {
    case DomainState::kPendingCreate:
    case DomainState::kReactivating:
      return {};  // a delivery is at work; its end asks for upkeep
    case DomainState::kActive:
      if (record == nullptr) return PlanMissing(domain, now);
      return {.zone = DomainUpkeep::Zone::kServe,
              .next_state = {},
              .next_at = std::max(record->expiry, now) + kAfterRegistryExpiry};
    case DomainState::kExpired:
      return record == nullptr ? PlanMissing(domain, now) : PlanExpired(domain, now);
    case DomainState::kRedemption:
      return PlanRedemption(domain, record == nullptr, now);
    case DomainState::kDeleted:
      // In redemption the registry forgets it by itself.
      return {.zone = DomainUpkeep::Zone::kRemove,
              .delete_at_registrar = record != nullptr && record->status != RegistryStatus::kRedemption,
              .next_state = {},
              .next_at = {}};
  }
  return {};
}

}  // namespace perennial::domain_mailbox::core
