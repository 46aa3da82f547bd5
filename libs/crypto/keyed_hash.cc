#include "libs/crypto/keyed_hash.h"

#include <sodium.h>

#include <cstdlib>

#include "absl/strings/escaping.h"

namespace perennial::crypto {
namespace {

const unsigned char* Raw(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string KeyedHash(absl::string_view key, absl::string_view text) {
  if (key.size() != kKeyBytes) std::abort();
  std::string hash(crypto_generichash_BYTES, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(hash.data()), hash.size(), Raw(text), text.size(),
                     Raw(key), key.size());
  return hash;
}

std::string Digest(absl::string_view text) {
  std::string hash(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(reinterpret_cast<unsigned char*>(hash.data()), Raw(text), text.size());
  return hash;
}

std::string RandomSecret(size_t bytes) {
  if (sodium_init() < 0) std::abort();
  std::string raw(bytes, '\0');
  randombytes_buf(raw.data(), raw.size());
  return absl::WebSafeBase64Escape(raw);
}

}  // namespace perennial::crypto
