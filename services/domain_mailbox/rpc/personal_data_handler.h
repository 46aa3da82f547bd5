#pragma once

#include "libs/rpc/service.h"
#include "services/domain_mailbox/app/ports.h"

namespace perennial::domain_mailbox {

rpc::Service MakePersonalDataService(ProductStore& store);

}  // namespace perennial::domain_mailbox
