#pragma once

#include "libs/crypto/page_token.h"
#include "libs/rpc/service.h"
#include "services/payment_token/app/payment_methods.h"

namespace perennial::payment_token {

rpc::Service MakePaymentMethodService(PaymentMethods& methods, const crypto::PageTokens& page_tokens);

}  // namespace perennial::payment_token
