#pragma once

#include <vector>

#include "libs/crypto/access_token.h"
#include "libs/rpc/service.h"

namespace perennial::account {

rpc::Service MakeSigningKeyService(const std::vector<crypto::VerifyingKey>& keys);

}  // namespace perennial::account
