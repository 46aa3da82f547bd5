#pragma once

#include "libs/crypto/page_token.h"
#include "libs/rpc/service.h"
#include "services/billing/app/reconciliation.h"

namespace perennial::billing {

rpc::Service MakeReconciliationService(Reconciliation& reconciliation, const crypto::PageTokens& tokens);

}  // namespace perennial::billing
