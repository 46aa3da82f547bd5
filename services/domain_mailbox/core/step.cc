#include "services/domain_mailbox/core/step.h"

#include "services/domain_mailbox/core/domain_name.h"

namespace perennial::domain_mailbox::core {
namespace {

constexpr int kMonthsPerYear = 12;
// A name of 29 February expires on 28 February for ever after at the registry, and on the 29th in a term
// (R15). A day's difference must not buy a year.
constexpr absl::Duration kDateSlack = absl::Hours(48);

absl::Time AddYears(absl::Time time, int years) {
  const absl::TimeZone utc = absl::UTCTimeZone();
  const CivilDate day = DateAt(time, utc);
  return StartOfDay(AddMonths(day, kMonthsPerYear * years), utc) + (time - StartOfDay(day, utc));
}

// A question without an answer tells nothing new.
Outcome Unchanged(const Delivery& delivery) {
  switch (delivery.state) {
    case DeliveryState::kPending:
      return Pending{delivery.pending_reference};
    case DeliveryState::kUnknown:
      return Unknown{};
    case DeliveryState::kDone:
    case DeliveryState::kRejected:
    case DeliveryState::kRetryable:
      return Retryable{};
  }
  return Retryable{};
}

DomainStep NextRegisterStep(const Delivery& delivery, const RegisterDomain& task, const Domain& domain,
                            const RegistryInfo& info) {
  if (const RegistryRecord* record = OwnRecord(info, domain)) {
    if (record->status == RegistryStatus::kPendingCreate)
      return Conclude{Pending{delivery.pending_reference}};
    return Conclude{Done{}};
  }
  if (std::holds_alternative<RegistryRecord>(info)) return Conclude{Rejected{Rejection::kDomainUnavailable}};
  // It was pending, and is gone: the registry refused it.
  if (delivery.state == DeliveryState::kPending) return Conclude{Rejected{Rejection::kBackEndRefused}};
  return SendCreate{task.years};
}

int MostYearsAhead(const Domain& domain) {
  const absl::StatusOr<DomainName> name = ParseDomainName(domain.name);
  return name.ok() ? name->tld->registry_years_most : 10;
}

DomainStep NextRenewStep(const Delivery& delivery, const RenewDomain& task, const Domain& domain,
                         const RegistryInfo& info, absl::Time now) {
  // Renewed by another order already: once is what was agreed (R23).
  if (task.expected_paid_through < domain.paid_through)
    return Conclude{Rejected{Rejection::kDomainNotRenewable}};
  // The order before this one is still on its way.
  if (task.expected_paid_through > domain.paid_through || domain.state == DomainState::kPendingCreate)
    return Conclude{Unchanged(delivery)};
  const RegistryRecord* record = OwnRecord(info, domain);
  // One answer is not believed (kBelieveMissingAfter): asked again as long as any RETRYABLE (kTryFor).
  if (record == nullptr) return Conclude{Retryable{}};
  switch (record->status) {
    case RegistryStatus::kPendingCreate:
    case RegistryStatus::kPendingRestore:
      return Conclude{Pending{delivery.pending_reference}};
    case RegistryStatus::kRedemption:
      if (task.restore) return SendRestore{};
      return Conclude{Rejected{Rejection::kDomainNotRenewable}};  // costs more, and needs consent (R20)
    case RegistryStatus::kOk:
      break;
  }
  const absl::Time paid_until = PaidUntil(delivery.task.paid_through, delivery.task.time_zone);
  const int years = YearsToRenew(record->expiry, paid_until, MostYearsAhead(domain), now);
  if (years == 0) return Conclude{Done{}};
  return SendRenew{record->expiry, years};
}

// Whether a mailbox's renewal can be of use: nothing when it can. Without its domain it would be deleted with
// it, paid or not. A domain that has just run out is often paid on the same day, by the same new card, so it
// is waited for, as long as any RETRYABLE (kTryFor).
std::optional<Outcome> WaitForDomain(DomainState domain) {
  switch (domain) {
    case DomainState::kActive:
      return std::nullopt;
    case DomainState::kPendingCreate:
    case DomainState::kExpired:
    case DomainState::kReactivating:
      return Retryable{};
    case DomainState::kRedemption:
    case DomainState::kDeleted:
      return Rejected{Rejection::kDomainInactive};
  }
  return std::nullopt;
}

}  // namespace

int YearsToRenew(absl::Time registry_expiry, absl::Time paid_until, int years_most_ahead, absl::Time now) {
  int years = 0;
  while (AddYears(registry_expiry, years) + kDateSlack < paid_until &&
         AddYears(registry_expiry, years + 1) <= AddYears(now, years_most_ahead)) {
    ++years;
  }
  return years;
}

DomainStep NextStep(const Delivery& delivery, const Domain& domain, const RegistryInfo& info,
                    absl::Time now) {
  // Ended while this was on its way.
  if (domain.state == DomainState::kDeleted) return Conclude{Rejected{Rejection::kDomainNotRenewable}};
  if (std::holds_alternative<NoAnswer>(info)) return Conclude{Unchanged(delivery)};
  if (const auto* task = std::get_if<RegisterDomain>(&delivery.task.what))
    return NextRegisterStep(delivery, *task, domain, info);
  return NextRenewStep(delivery, std::get<RenewDomain>(delivery.task.what), domain, info, now);
}

MailboxStep NextStep(const Delivery& delivery, const Mailbox& mailbox, DomainState domain,
                     const MailInfo& info) {
  const bool creates = std::holds_alternative<CreateMailbox>(delivery.task.what);
  if (mailbox.state == MailboxState::kDeleted) return Conclude{Rejected{Rejection::kBackEndRefused}};
  if (std::holds_alternative<NoAnswer>(info)) return Conclude{Unchanged(delivery)};
  if (!creates) {
    if (std::optional<Outcome> waits = WaitForDomain(domain)) return Conclude{*std::move(waits)};
  }
  if (const auto* record = std::get_if<MailRecord>(&info)) {
    switch (*record) {
      case MailRecord::kPending:
        return Conclude{Pending{delivery.pending_reference}};
      case MailRecord::kActive:
        return Conclude{Done{}};
      case MailRecord::kSuspended:
      case MailRecord::kDetached:
        return SendResume{};
    }
  }
  if (!creates || delivery.state == DeliveryState::kPending)
    return Conclude{Rejected{Rejection::kBackEndRefused}};
  switch (domain) {
    case DomainState::kActive:
      return SendMailbox{};
    case DomainState::kPendingCreate:
    case DomainState::kReactivating:
      return Conclude{Retryable{}};  // waits for the domain
    case DomainState::kExpired:
    case DomainState::kRedemption:
    case DomainState::kDeleted:
      return Conclude{Rejected{Rejection::kDomainInactive}};
  }
  return Conclude{Retryable{}};
}

}  // namespace perennial::domain_mailbox::core
