#pragma once

#include <variant>

#include "absl/time/time.h"
#include "services/domain_mailbox/core/delivery.h"
#include "services/domain_mailbox/core/domain.h"
#include "services/domain_mailbox/core/mailbox.h"

namespace perennial::domain_mailbox::core {

// What to do next about a delivery, given what the back end has now. Every step begins by asking that, so a
// step whose answer was lost, or that is done twice, finds its own work and does not send it again (R23).
struct Conclude {
  Outcome outcome;
};
struct SendCreate {
  int years;
};
struct SendRenew {
  absl::Time expected_expiry;  // the registry refuses if it is another by now: its own guard against twice
  int years;
};
struct SendRestore {};
using DomainStep = std::variant<Conclude, SendCreate, SendRenew, SendRestore>;

// `delivery` must register or renew `domain`.
DomainStep NextStep(const Delivery& delivery, const Domain& domain, const RegistryInfo& info, absl::Time now);

struct SendMailbox {};
struct SendResume {};
using MailboxStep = std::variant<Conclude, SendMailbox, SendResume>;

// `delivery` must create or renew `mailbox`; `domain` is the mailbox's.
MailboxStep NextStep(const Delivery& delivery, const Mailbox& mailbox, DomainState domain,
                     const MailInfo& info);

// Years to renew so that the registry's date reaches `paid_until`; 0 when it does already. After its expiry
// the registry has renewed a year by itself, so none is sent for that one. At most so many that the registry
// accepts; it adds the others by itself, year by year.
int YearsToRenew(absl::Time registry_expiry, absl::Time paid_until, int years_most_ahead, absl::Time now);

}  // namespace perennial::domain_mailbox::core
