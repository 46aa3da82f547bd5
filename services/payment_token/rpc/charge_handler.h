#pragma once

#include "libs/crypto/page_token.h"
#include "libs/rpc/service.h"
#include "services/payment_token/app/charges.h"
#include "services/payment_token/app/payment_methods.h"

namespace perennial::payment_token {

rpc::Service MakeChargeService(Charges& charges, PaymentMethods& methods);
rpc::Service MakeChargeBooksService(Charges& charges, const crypto::PageTokens& page_tokens);

}  // namespace perennial::payment_token
