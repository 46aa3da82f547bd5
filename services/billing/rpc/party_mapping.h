#pragma once

#include "perennial/billing/v1/invoice.pb.h"
#include "services/billing/core/billing_profile.h"

namespace perennial::billing {

v1::TaxIdState ToProto(core::TaxIdState state);
v1::Party ToProto(const core::Party& party);

}  // namespace perennial::billing
