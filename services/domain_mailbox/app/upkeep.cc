#include "services/domain_mailbox/app/upkeep.h"

#include "libs/base/status_macros.h"

namespace perennial::domain_mailbox {
namespace {

using core::Change;
using core::Situation;

bool IsDone(const core::Outcome& outcome) {
  return std::holds_alternative<core::Done>(outcome);
}

}  // namespace

absl::Status Upkeep::Run(const Uuid& product_id) {
  ASSIGN_OR_RETURN(const std::optional<core::Domain> domain, store_.FindDomain(product_id));
  if (domain)
    return domain->upkeep_at && *domain->upkeep_at <= clock_.Now() ? RunDomain(*domain) : absl::OkStatus();
  ASSIGN_OR_RETURN(const std::optional<core::Mailbox> mailbox, store_.FindMailbox(product_id));
  if (mailbox && mailbox->upkeep_at && *mailbox->upkeep_at <= clock_.Now()) return RunMailbox(*mailbox);
  return absl::OkStatus();
}

bool Upkeep::DeleteAtRegistrar(const core::Domain& domain) {
  const Uuid operation = Uuid::Derive(domain.id, "delete/" + std::to_string(domain.version));
  return IsDone(registrar_.Delete(operation, domain.name));
}

bool Upkeep::ApplyZone(const core::Domain& domain, core::DomainUpkeep::Zone zone) {
  switch (zone) {
    case core::DomainUpkeep::Zone::kLeave:
      return true;
    case core::DomainUpkeep::Zone::kServe:
      return IsDone(dns_.Apply(core::ZoneOf(domain, /*held=*/false)));
    case core::DomainUpkeep::Zone::kHold:
      return IsDone(dns_.Apply(core::ZoneOf(domain, /*held=*/true)));
    case core::DomainUpkeep::Zone::kRemove:
      return IsDone(dns_.Remove(domain.name));
  }
  return false;
}

absl::Status Upkeep::RunDomain(const core::Domain& domain) {
  const core::RegistryInfo info = registrar_.Info(domain.name);
  const core::DomainUpkeep plan = std::holds_alternative<core::NoAnswer>(info)
                                      ? core::DomainUpkeep{}
                                      : core::PlanUpkeep(domain, info, clock_.Now());
  // Somebody else may have the name by now; then its zone is theirs.
  ASSIGN_OR_RETURN(const bool name_lives, store_.HasDomain(domain.name));
  const bool zone_is_theirs = plan.zone == core::DomainUpkeep::Zone::kRemove && name_lives &&
                              domain.state == core::DomainState::kDeleted;
  if (plan.name_is_missing) meter_.CountMissingName();
  const bool done = !std::holds_alternative<core::NoAnswer>(info) && !plan.name_is_missing &&
                    (zone_is_theirs || ApplyZone(domain, plan.zone)) &&
                    (!plan.delete_at_registrar || DeleteAtRegistrar(domain));
  if (!done) meter_.CountUpkeepFailure();
  return store_.Update({.product_id = domain.id}, [&](const Situation& now) -> absl::StatusOr<Change> {
    return done ? core::FinishUpkeep(now, domain, plan, info, clock_.Now())
                : core::PostponeDomainUpkeep(now, info, clock_.Now());
  });
}

bool Upkeep::ApplyMailbox(const core::Mailbox& mailbox, core::MailboxUpkeep plan) {
  switch (plan) {
    case core::MailboxUpkeep::kNothing:
      return true;
    case core::MailboxUpkeep::kResume:
      return IsDone(mail_.Resume(mailbox.id)) &&
             (!mailbox.password_hash || IsDone(mail_.SetPassword(mailbox.id, *mailbox.password_hash)));
    case core::MailboxUpkeep::kSuspend:
      return IsDone(mail_.Suspend(mailbox.id));
    case core::MailboxUpkeep::kDetach:
      return IsDone(mail_.Detach(mailbox.id));
    case core::MailboxUpkeep::kPurge:
      return IsDone(mail_.Delete(mailbox.id));
  }
  return false;
}

absl::Status Upkeep::RunMailbox(const core::Mailbox& mailbox) {
  const core::MailboxUpkeep plan = core::PlanUpkeep(mailbox, clock_.Now());
  const bool done = ApplyMailbox(mailbox, plan);
  if (!done) meter_.CountUpkeepFailure();
  return store_.Update({.product_id = mailbox.id}, [&](const Situation& now) -> absl::StatusOr<Change> {
    return done ? core::FinishUpkeep(now, mailbox, plan, clock_.Now())
                : core::PostponeMailboxUpkeep(now, clock_.Now());
  });
}

}  // namespace perennial::domain_mailbox
