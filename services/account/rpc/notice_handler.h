#pragma once

#include "libs/crypto/page_token.h"
#include "libs/rpc/service.h"
#include "services/account/app/notices.h"

namespace perennial::account {

rpc::Service MakeNoticeService(Notices& notices, const crypto::PageTokens& page_tokens);

}  // namespace perennial::account
