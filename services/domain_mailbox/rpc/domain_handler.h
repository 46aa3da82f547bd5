#pragma once

#include "libs/crypto/page_token.h"
#include "libs/rpc/service.h"
#include "services/domain_mailbox/app/domains.h"

namespace perennial::domain_mailbox {

rpc::Service MakeDomainService(Domains& domains, const crypto::PageTokens& tokens);

}  // namespace perennial::domain_mailbox
