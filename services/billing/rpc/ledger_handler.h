#pragma once

#include "libs/crypto/page_token.h"
#include "libs/rpc/service.h"
#include "services/billing/app/books.h"

namespace perennial::billing {

rpc::Service MakeLedgerService(Books& books, const crypto::PageTokens& tokens);

}  // namespace perennial::billing
