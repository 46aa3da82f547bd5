#pragma once

#include "libs/base/clock.h"
#include "libs/pg/database.h"
#include "services/domain_mailbox/app/ports.h"

namespace perennial::domain_mailbox {

// Keeps mailboxes in table simulated_mailbox. It takes no mail and lets nobody sign in. Local parts with a
// prefix behave badly on purpose: README.md lists them.
class SimulatedMail final : public MailProvider {
 public:
  SimulatedMail(pg::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  core::MailInfo Look(const Uuid& id) override;
  core::Outcome Create(const Uuid& id, absl::string_view address, int quota_mib) override;
  core::Outcome SetPassword(const Uuid& id, absl::string_view password_hash) override;
  core::Outcome Suspend(const Uuid& id) override;
  core::Outcome Resume(const Uuid& id) override;
  core::Outcome Detach(const Uuid& id) override;
  core::Outcome Delete(const Uuid& id) override;

 private:
  core::Outcome SetStatus(const Uuid& id, absl::string_view status);

  pg::Database& database_;
  const Clock& clock_;
};

}  // namespace perennial::domain_mailbox
