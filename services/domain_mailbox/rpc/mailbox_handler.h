#pragma once

#include "libs/crypto/page_token.h"
#include "libs/rpc/service.h"
#include "services/domain_mailbox/app/mailboxes.h"

namespace perennial::domain_mailbox {

rpc::Service MakeMailboxService(Mailboxes& mailboxes, const crypto::PageTokens& tokens);

}  // namespace perennial::domain_mailbox
