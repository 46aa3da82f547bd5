#include "services/account/storage/sodium_secrets.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "libs/crypto/keyed_hash.h"
#include "libs/crypto/password.h"
#include "libs/crypto/seal.h"

namespace perennial::account {
namespace {

constexpr size_t kRefreshTokenBytes = 32;
constexpr size_t kKeyIdBytes = 8;

std::string KeyIdOf(absl::string_view public_key) {
  return absl::BytesToHexString(crypto::Digest(public_key).substr(0, kKeyIdBytes));
}

std::string SealContext(const Uuid& session_id) {
  return absl::StrCat("session/token_sealed/", session_id.ToString());
}

crypto::SigningKey NamedSigningKey(absl::string_view seed) {
  return crypto::SigningKey(KeyIdOf(crypto::SigningKey("", seed).public_key()), seed);
}

}  // namespace

SodiumSecrets::SodiumSecrets(std::string secret_key, absl::string_view signing_seed)
    : secret_key_(std::move(secret_key)), signing_key_(NamedSigningKey(signing_seed)) {}

std::string SodiumSecrets::HashPassword(absl::string_view password) {
  return crypto::HashPassword(password);
}

bool SodiumSecrets::VerifyPassword(const std::string& hash, absl::string_view password) {
  return crypto::VerifyPassword(hash, password);
}

std::string SodiumSecrets::NewRefreshToken() {
  return crypto::RandomSecret(kRefreshTokenBytes);
}

std::string SodiumSecrets::DigestToken(absl::string_view token) {
  return crypto::Digest(token);
}

std::string SodiumSecrets::SealToken(const Uuid& session_id, absl::string_view token) {
  return crypto::Seal(secret_key_, SealContext(session_id), token);
}

std::optional<std::string> SodiumSecrets::OpenToken(const Uuid& session_id, const std::string& sealed) {
  return crypto::Open(secret_key_, SealContext(session_id), sealed);
}

std::string SodiumSecrets::SignAccessToken(const core::Session& session, core::Language language,
                                           absl::Time now, absl::Time expire_time) {
  return signing_key_.Sign({session.account_id, session.id, now, expire_time, core::CodeOf(language)});
}

std::string SodiumSecrets::ThrottleKey(absl::string_view email_key) {
  return crypto::KeyedHash(secret_key_, absl::StrCat("sign_in_throttle/", email_key));
}

crypto::VerifyingKey SodiumSecrets::verifying_key() const {
  return {signing_key_.key_id(), signing_key_.public_key()};
}

crypto::VerifyingKey NamedKey(const std::string& public_key) {
  return {KeyIdOf(public_key), public_key};
}

}  // namespace perennial::account
