#pragma once

#include "absl/status/status.h"
#include "libs/base/clock.h"
#include "services/domain_mailbox/app/ports.h"

namespace perennial::domain_mailbox {

// Makes the back ends what a product's state says they should be: a domain on hold at its expiry, a mailbox
// suspended, mail purged, a name deleted. Repeats until it is so.
class Upkeep {
 public:
  Upkeep(ProductStore& store, Registrar& registrar, DnsProvider& dns, MailProvider& mail,
         DeliveryMeter& meter, const Clock& clock)
      : store_(store), registrar_(registrar), dns_(dns), mail_(mail), meter_(meter), clock_(clock) {}

  // What is due for a product. The caller holds it (WorkQueue).
  absl::Status Run(const Uuid& product_id);

 private:
  absl::Status RunDomain(const core::Domain& domain);
  absl::Status RunMailbox(const core::Mailbox& mailbox);
  bool DeleteAtRegistrar(const core::Domain& domain);
  bool ApplyZone(const core::Domain& domain, core::DomainUpkeep::Zone zone);
  bool ApplyMailbox(const core::Mailbox& mailbox, core::MailboxUpkeep plan);

  ProductStore& store_;
  Registrar& registrar_;
  DnsProvider& dns_;
  MailProvider& mail_;
  DeliveryMeter& meter_;
  const Clock& clock_;
};

}  // namespace perennial::domain_mailbox
