#pragma once

#include "libs/rpc/service.h"
#include "services/billing/app/billing_profiles.h"
#include "services/billing/app/invoices.h"

namespace perennial::billing {

rpc::Service MakePersonalDataService(BillingProfiles& profiles, Invoices& invoices);

}  // namespace perennial::billing
