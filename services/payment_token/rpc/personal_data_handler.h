#pragma once

#include "libs/rpc/service.h"
#include "services/payment_token/app/charges.h"
#include "services/payment_token/app/payment_methods.h"

namespace perennial::payment_token {

rpc::Service MakePersonalDataService(PaymentMethods& methods, Charges& charges);

}  // namespace perennial::payment_token
