#include "services/domain_mailbox/core/change.h"
#include "services/domain_mailbox/core/facts.h"

namespace perennial::domain_mailbox::core {

Change ExpireProduct(const Situation& situation, CivilDate expiry, absl::Time now) {
  Change change;
  // Paid meanwhile and on its way: if that is refused, its end decides by the date.
  if (situation.renewal_under_way && *situation.renewal_under_way > expiry) return change;
  if (situation.mailbox) {
    Mailbox mailbox = *situation.mailbox;
    if (mailbox.state != MailboxState::kActive || mailbox.paid_through > expiry) return change;
    mailbox.state = MailboxState::kSuspended;
    mailbox.upkeep_at = now;
    mailbox.updated_at = now;
    change.events.push_back(FactOf(mailbox, "mailbox.suspended"));
    change.mailbox = std::move(mailbox);
  } else if (situation.domain) {
    Domain domain = *situation.domain;
    if (domain.state != DomainState::kActive || domain.paid_through > expiry) return change;
    domain.state = DomainState::kExpired;
    domain.upkeep_at = now;
    domain.updated_at = now;
    change.events.push_back(FactOf(domain, "domain.expired"));
    change.domain = std::move(domain);
  }
  return change;
}

Change DeleteProduct(const Situation& situation, absl::Time now) {
  Change change;
  if (situation.mailbox) {
    Mailbox mailbox = *situation.mailbox;
    if (mailbox.state == MailboxState::kDeleted) return change;
    mailbox.state = MailboxState::kDeleted;
    mailbox.purge_at = now + kKeepDeletedMail;
    mailbox.upkeep_at = now;
    mailbox.updated_at = now;
    change.events.push_back(FactOf(mailbox, "mailbox.deleted"));
    change.mailbox = std::move(mailbox);
  } else if (situation.domain) {
    Domain domain = *situation.domain;
    if (domain.state == DomainState::kDeleted) return change;
    domain.state = DomainState::kDeleted;
    domain.upkeep_at = now;
    domain.updated_at = now;
    change.retire_mailboxes = true;
    change.events.push_back(FactOf(domain, "domain.deleted"));
    change.domain = std::move(domain);
  }
  return change;
}

Change FinishUpkeep(const Situation& situation, const Domain& seen, const DomainUpkeep& plan,
                    const RegistryInfo& info, absl::Time now) {
  Change change;
  if (!situation.domain) return change;
  Domain domain = *situation.domain;
  const bool unchanged = domain.version == seen.version;
  domain.upkeep_failures = 0;
  domain.missing_since = std::nullopt;
  // Changed meanwhile: look again at once.
  domain.upkeep_at = unchanged ? plan.next_at : std::optional(now);
  if (const RegistryRecord* record = OwnRecord(info, domain)) domain.registry_expiry = record->expiry;
  if (plan.delete_at_registrar && plan.next_state == DomainState::kRedemption) domain.redemption_since = now;
  if (unchanged && plan.next_state) {
    domain.state = *plan.next_state;
    domain.updated_at = now;
    const bool gone = domain.state == DomainState::kDeleted;
    change.retire_mailboxes = gone;
    change.events.push_back(FactOf(domain, gone ? "domain.deleted" : "domain.redemption_started"));
  }
  change.erase = situation.account_deleted && unchanged && domain.state == DomainState::kDeleted;
  change.domain = std::move(domain);
  return change;
}

Change FinishUpkeep(const Situation& situation, const Mailbox& seen, MailboxUpkeep plan, absl::Time now) {
  Change change;
  if (!situation.mailbox) return change;
  Mailbox mailbox = *situation.mailbox;
  const bool unchanged = mailbox.version == seen.version;
  mailbox.upkeep_failures = 0;
  mailbox.upkeep_at = std::nullopt;
  if (!unchanged)
    mailbox.upkeep_at = now;
  else if (plan == MailboxUpkeep::kDetach)
    mailbox.upkeep_at = mailbox.purge_at;
  change.erase = unchanged && plan == MailboxUpkeep::kPurge;
  change.mailbox = std::move(mailbox);
  return change;
}

Change PostponeDomainUpkeep(const Situation& situation, const RegistryInfo& info, absl::Time now) {
  Change change;
  if (!situation.domain) return change;
  Domain domain = *situation.domain;
  domain.upkeep_at = now + PauseAfter(++domain.upkeep_failures);
  if (OwnRecord(info, domain) != nullptr)
    domain.missing_since = std::nullopt;
  else if (!std::holds_alternative<NoAnswer>(info))
    domain.missing_since = domain.missing_since.value_or(now);
  change.domain = std::move(domain);
  return change;
}

Change PostponeMailboxUpkeep(const Situation& situation, absl::Time now) {
  Change change;
  if (!situation.mailbox) return change;
  change.mailbox = situation.mailbox;
  change.mailbox->upkeep_at = now + PauseAfter(++change.mailbox->upkeep_failures);
  return change;
}

}  // namespace perennial::domain_mailbox::core
