#pragma once

#include "libs/rpc/service.h"
#include "services/billing/app/invoicing.h"

namespace perennial::billing {

rpc::Service MakeInvoicingService(Invoicing& invoicing);

}  // namespace perennial::billing
