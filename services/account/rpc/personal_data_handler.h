#pragma once

#include <string>

#include "libs/rpc/service.h"
#include "services/account/app/personal_data.h"

namespace perennial::account {

rpc::Service MakePersonalDataService(PersonalDataExport& personal_data);

// RFC 8259. Times are RFC 3339 in UTC. No secrets, not even hashed ones.
std::string ToJson(const PersonalData& data);

}  // namespace perennial::account
