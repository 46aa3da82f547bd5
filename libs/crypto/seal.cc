#include "libs/crypto/seal.h"

#include <sodium.h>

#include <cstdlib>

#include "libs/crypto/keyed_hash.h"

namespace perennial::crypto {
namespace {

constexpr size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == kKeyBytes);

const unsigned char* Raw(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* Raw(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

}  // namespace

std::string Seal(absl::string_view key, absl::string_view context, absl::string_view text) {
  if (sodium_init() < 0 || key.size() != kKeyBytes) std::abort();
  std::string sealed(kNonceBytes + text.size() + kTagBytes, '\0');
  randombytes_buf(sealed.data(), kNonceBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(Raw(sealed) + kNonceBytes, nullptr, Raw(text), text.size(),
                                             Raw(context), context.size(), nullptr, Raw(sealed), Raw(key));
  return sealed;
}

std::optional<std::string> Open(absl::string_view key, absl::string_view context, absl::string_view sealed) {
  if (key.size() != kKeyBytes) std::abort();
  if (sealed.size() < kNonceBytes + kTagBytes) return std::nullopt;
  std::string text(sealed.size() - kNonceBytes - kTagBytes, '\0');
  const int opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
      Raw(text), nullptr, nullptr, Raw(sealed) + kNonceBytes, sealed.size() - kNonceBytes, Raw(context),
      context.size(), Raw(sealed), Raw(key));
  return opened == 0 ? std::optional(text) : std::nullopt;
}

}  // namespace perennial::crypto
