#pragma once

#include "libs/crypto/page_token.h"
#include "libs/rpc/service.h"
#include "services/payment_token/app/movements.h"

namespace perennial::payment_token {

rpc::Service MakeReconciliationService(Movements& movements, const crypto::PageTokens& page_tokens);

}  // namespace perennial::payment_token
