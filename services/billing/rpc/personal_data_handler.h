#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/base/caller.h"
#include "libs/base/uuid.h"
#include "libs/rpc/service.h"
#include "services/billing/app/billing_profiles.h"
#include "services/billing/app/invoices.h"

namespace perennial::billing {

// The profile and the newest documents, as far as they fit into 3 MiB: less than what a gRPC client takes by
// default. Refusals: ACCOUNT_NOT_FOUND.
absl::StatusOr<std::string> ExportAsJson(BillingProfiles& profiles, Invoices& invoices, const Caller& caller,
                                         const Uuid& account_id);

rpc::Service MakePersonalDataService(BillingProfiles& profiles, Invoices& invoices);

}  // namespace perennial::billing
