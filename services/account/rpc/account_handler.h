#pragma once

#include "libs/crypto/page_token.h"
#include "libs/rpc/service.h"
#include "services/account/app/accounts.h"

namespace perennial::account {

rpc::Service MakeAccountService(Accounts& accounts, const crypto::PageTokens& page_tokens);

// For the other services: AccountDirectoryService.
rpc::Service MakeAccountDirectoryService(Accounts& accounts);

}  // namespace perennial::account
