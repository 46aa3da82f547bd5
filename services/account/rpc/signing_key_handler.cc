#include "services/account/rpc/signing_key_handler.h"

#include "perennial/account/v1/signing_key_service.pb.h"

namespace perennial::account {

rpc::Service MakeSigningKeyService(const std::vector<crypto::VerifyingKey>& keys) {
  // The keys' times stay unset: a key counts as long as configuration lists it.
  v1::ListSigningKeysResponse response;
  for (const crypto::VerifyingKey& key : keys) {
    auto& listed = *response.add_signing_keys();
    listed.set_key_id(key.key_id);
    listed.set_ed25519_public_key(key.public_key);
  }
  rpc::Service service("perennial.account.v1.SigningKeyService");
  service.Read<v1::ListSigningKeysRequest, v1::ListSigningKeysResponse>(
      "ListSigningKeys", rpc::Public(),
      [response](const auto&, const auto&) -> absl::StatusOr<v1::ListSigningKeysResponse> {
        return response;
      });
  return service;
}

}  // namespace perennial::account
