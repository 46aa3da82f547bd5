#pragma once

#include <string>

#include "libs/crypto/access_token.h"
#include "services/account/app/ports.h"

namespace perennial::account {

// Secrets by libs/crypto: argon2id, SHA-256, XChaCha20-Poly1305, Ed25519.
class SodiumSecrets final : public Secrets {
 public:
  // `secret_key`: the service's own, crypto::kKeyBytes. `signing_seed`: 32 bytes.
  SodiumSecrets(std::string secret_key, absl::string_view signing_seed);

  std::string HashPassword(absl::string_view password) override;
  bool VerifyPassword(const std::string& hash, absl::string_view password) override;
  std::string NewRefreshToken() override;
  std::string DigestToken(absl::string_view token) override;
  std::string SealToken(const Uuid& session_id, absl::string_view token) override;
  std::optional<std::string> OpenToken(const Uuid& session_id, const std::string& sealed) override;
  std::string SignAccessToken(const core::Session& session, core::Language language, absl::Time now,
                              absl::Time expire_time) override;
  std::string ThrottleKey(absl::string_view email_key) override;

  // What verifies the access tokens signed here.
  crypto::VerifyingKey verifying_key() const;

 private:
  const std::string secret_key_;
  const crypto::SigningKey signing_key_;
};

// A public key under the id that tokens name it by: it follows from the key, so that no two processes
// disagree.
crypto::VerifyingKey NamedKey(const std::string& public_key);

}  // namespace perennial::account
