#pragma once

#include "libs/rpc/service.h"
#include "services/domain_mailbox/app/deliveries.h"
#include "services/domain_mailbox/app/domains.h"
#include "services/domain_mailbox/app/mailboxes.h"

namespace perennial::domain_mailbox {

rpc::Service MakeDeliveryService(Deliveries& deliveries, Domains& domains, Mailboxes& mailboxes);

}  // namespace perennial::domain_mailbox
