#pragma once

#include "libs/crypto/page_token.h"
#include "libs/rpc/service.h"
#include "services/billing/app/invoices.h"

namespace perennial::billing {

rpc::Service MakeInvoiceService(Invoices& invoices, const crypto::PageTokens& tokens);

}  // namespace perennial::billing
