#pragma once

#include "libs/crypto/page_token.h"
#include "libs/rpc/service.h"
#include "services/account/app/sessions.h"

namespace perennial::account {

rpc::Service MakeSessionService(Sessions& sessions, const crypto::PageTokens& page_tokens);

}  // namespace perennial::account
