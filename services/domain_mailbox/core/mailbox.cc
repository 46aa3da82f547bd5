#include "services/domain_mailbox/core/mailbox.h"

#include "services/domain_mailbox/core/domain.h"

namespace perennial::domain_mailbox::core {

MailboxState StateByDate(const Mailbox& mailbox, absl::Time now) {
  return now < PaidUntil(mailbox.paid_through, mailbox.time_zone) ? MailboxState::kActive
                                                                  : MailboxState::kSuspended;
}

MailboxUpkeep PlanUpkeep(const Mailbox& mailbox, absl::Time now) {
  switch (mailbox.state) {
    case MailboxState::kPending:
      return MailboxUpkeep::kNothing;  // a delivery is at work; its end asks for upkeep
    case MailboxState::kActive:
      return MailboxUpkeep::kResume;
    case MailboxState::kSuspended:
      return MailboxUpkeep::kSuspend;
    case MailboxState::kDeleted:
      return mailbox.purge_at.value_or(now) <= now ? MailboxUpkeep::kPurge : MailboxUpkeep::kDetach;
  }
  return MailboxUpkeep::kNothing;
}

}  // namespace perennial::domain_mailbox::core
