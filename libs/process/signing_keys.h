#pragma once

#include "libs/crypto/access_token.h"
#include "libs/rpc/peer.h"

namespace perennial {

// Keys of access tokens as account's SigningKeyService lists them.
crypto::AccessTokenVerifier::FetchKeys KeysFromAccount(rpc::Peer& account);

}  // namespace perennial
