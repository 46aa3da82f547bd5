#include "libs/process/signing_keys.h"

#include "libs/rpc/proto_values.h"
#include "perennial/account/v1/signing_key_service.pb.h"

namespace perennial {

crypto::AccessTokenVerifier::FetchKeys KeysFromAccount(rpc::Peer& account) {
  return [&account]() -> absl::StatusOr<std::vector<crypto::VerifyingKey>> {
    ASSIGN_OR_RETURN(const auto response, account.Call<account::v1::ListSigningKeysResponse>(
                                              "perennial.account.v1.SigningKeyService/ListSigningKeys",
                                              account::v1::ListSigningKeysRequest()));
    std::vector<crypto::VerifyingKey> keys;
    for (const auto& key : response.signing_keys()) {
      keys.push_back({key.key_id(), key.ed25519_public_key(), rpc::FromProto(key.not_before_time()),
                      key.has_retire_time() ? rpc::FromProto(key.retire_time()) : absl::InfiniteFuture()});
    }
    return keys;
  };
}

}  // namespace perennial
