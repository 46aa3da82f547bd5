#pragma once

#include <string>

#include "libs/base/event.h"
#include "services/domain_mailbox/core/domain.h"
#include "services/domain_mailbox/core/mailbox.h"

namespace perennial::domain_mailbox::core {

// The facts this service tells the others: "<type>" of a domain or mailbox as it is after the change. The id
// follows from what changed, so a decision that is made twice tells one fact.
Event FactOf(const Domain& domain, const std::string& type);
Event FactOf(const Mailbox& mailbox, const std::string& type);

}  // namespace perennial::domain_mailbox::core
