#include <algorithm>

#include "services/domain_mailbox/core/change.h"
#include "services/domain_mailbox/core/facts.h"

namespace perennial::domain_mailbox::core {
namespace {

// The domain was registered or renewed.
void DomainDelivered(const Situation& situation, const Task& task,
                     const std::optional<RegistryRecord>& registry, absl::Time now, Change& change) {
  Domain domain = *situation.domain;
  const bool is_new = std::holds_alternative<RegisterDomain>(task.what);
  domain.paid_through = std::max(domain.paid_through, task.paid_through);
  domain.time_zone = task.time_zone;
  if (registry) domain.registry_expiry = registry->expiry;
  domain.missing_since = std::nullopt;
  domain.redemption_since = std::nullopt;
  domain.state = StateByDate(domain, now);
  domain.upkeep_at = now;
  domain.updated_at = now;
  change.events.push_back(FactOf(domain, is_new ? "domain.registered" : "domain.renewed"));
  change.domain = std::move(domain);
}

void DomainRefused(const Situation& situation, const Task& task, absl::Time now, Change& change) {
  Domain domain = *situation.domain;
  const bool is_new = std::holds_alternative<RegisterDomain>(task.what);
  const bool was_active = domain.state == DomainState::kActive;
  domain.upkeep_at = now;
  domain.updated_at = now;
  if (is_new) {
    domain.state = DomainState::kDeleted;
  } else if ((was_active || domain.state == DomainState::kReactivating) && !situation.renewal_under_way) {
    domain.state = domain.redemption_since ? DomainState::kRedemption : StateByDate(domain, now);
  }
  // Its product.expired came while this renewal was open, and was left to this end (ExpireProduct).
  if (was_active && domain.state == DomainState::kExpired)
    change.events.push_back(FactOf(domain, "domain.expired"));
  change.domain = std::move(domain);
}

void MailboxDelivered(const Situation& situation, const Task& task, absl::Time now, Change& change) {
  Mailbox mailbox = *situation.mailbox;
  const bool is_new = std::holds_alternative<CreateMailbox>(task.what);
  mailbox.paid_through = std::max(mailbox.paid_through, task.paid_through);
  mailbox.time_zone = task.time_zone;
  mailbox.state = StateByDate(mailbox, now);
  mailbox.upkeep_at = now;
  mailbox.updated_at = now;
  change.events.push_back(FactOf(mailbox, is_new ? "mailbox.created" : "mailbox.renewed"));
  change.mailbox = std::move(mailbox);
}

void MailboxRefused(const Situation& situation, const Task& task, absl::Time now, Change& change) {
  Mailbox mailbox = *situation.mailbox;
  const bool was_active = mailbox.state == MailboxState::kActive;
  mailbox.upkeep_at = now;
  mailbox.updated_at = now;
  if (std::holds_alternative<CreateMailbox>(task.what)) {
    mailbox.state = MailboxState::kDeleted;
    mailbox.purge_at = now;
  } else if (was_active && !situation.renewal_under_way) {
    mailbox.state = StateByDate(mailbox, now);
  }
  // As with domains.
  if (was_active && mailbox.state == MailboxState::kSuspended)
    change.events.push_back(FactOf(mailbox, "mailbox.suspended"));
  change.mailbox = std::move(mailbox);
}

bool IsAboutDomain(const Task& task) {
  return std::holds_alternative<RegisterDomain>(task.what) || std::holds_alternative<RenewDomain>(task.what);
}

// Ended while the step was on its way: what it made must be taken back by upkeep.
Change LookAfterRemains(const Situation& situation, absl::Time now) {
  Change change;
  if (situation.mailbox && situation.mailbox->state == MailboxState::kDeleted) {
    change.mailbox = situation.mailbox;
    change.mailbox->upkeep_at = now;
  } else if (!situation.mailbox && situation.domain && situation.domain->state == DomainState::kDeleted) {
    change.domain = situation.domain;
    change.domain->upkeep_at = now;
  }
  return change;
}

}  // namespace

Change ConcludeDelivery(const Situation& situation, const Outcome& outcome,
                        const std::optional<RegistryRecord>& registry, absl::Time now) {
  if (!situation.delivery) return LookAfterRemains(situation, now);
  if (IsFinal(situation.delivery->state)) return {};
  const Task& task = situation.delivery->task;
  const bool about_domain = IsAboutDomain(task);
  const bool is_gone = about_domain
                           ? !situation.domain || situation.domain->state == DomainState::kDeleted
                           : !situation.mailbox || situation.mailbox->state == MailboxState::kDeleted;
  Change change;
  if (is_gone) {
    change = LookAfterRemains(situation, now);
    change.delivery = Advance(*situation.delivery, Rejected{Rejection::kBackEndRefused}, now);
    return change;
  }
  change.delivery = Advance(*situation.delivery, outcome, now);
  switch (change.delivery->state) {
    case DeliveryState::kDone:
      if (about_domain)
        DomainDelivered(situation, task, registry, now, change);
      else
        MailboxDelivered(situation, task, now, change);
      break;
    case DeliveryState::kRejected:
      if (about_domain)
        DomainRefused(situation, task, now, change);
      else
        MailboxRefused(situation, task, now, change);
      break;
    case DeliveryState::kPending:
    case DeliveryState::kRetryable:
    case DeliveryState::kUnknown:
      break;
  }
  return change;
}

}  // namespace perennial::domain_mailbox::core
