#pragma once

#include "libs/rpc/service.h"
#include "services/billing/app/billing_profiles.h"

namespace perennial::billing {

rpc::Service MakeBillingProfileService(BillingProfiles& profiles);

}  // namespace perennial::billing
