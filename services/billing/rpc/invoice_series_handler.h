#pragma once

#include "libs/crypto/page_token.h"
#include "libs/rpc/service.h"
#include "services/billing/app/series_audit.h"

namespace perennial::billing {

rpc::Service MakeInvoiceSeriesService(SeriesAudit& audit, const crypto::PageTokens& tokens);

}  // namespace perennial::billing
