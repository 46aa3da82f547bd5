#pragma once

#include <string>

#include "libs/pg/rows.h"
#include "services/domain_mailbox/core/delivery.h"
#include "services/domain_mailbox/core/domain.h"
#include "services/domain_mailbox/core/mailbox.h"

// Rows and the words that states have in them.
namespace perennial::domain_mailbox {

std::string ToText(core::DomainState state);
std::string ToText(core::MailboxState state);
std::string ToText(core::DeliveryState state);
std::string ToText(core::Rejection rejection);
// "register_domain" and so on.
std::string KindOf(const core::Task& task);

core::Domain ToDomain(const pg::Row& row);
core::Mailbox ToMailbox(const pg::Row& row);
core::Delivery ToDelivery(const pg::Row& row);

}  // namespace perennial::domain_mailbox
