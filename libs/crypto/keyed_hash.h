#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace perennial::crypto {

// Bytes of every key of this library.
inline constexpr size_t kKeyBytes = 32;

// BLAKE2b-256 under a key: cannot be guessed back without it, even for a card number. `key` has kKeyBytes.
std::string KeyedHash(absl::string_view key, absl::string_view text);

// SHA-256, for secrets that are random enough by themselves (ASVS 6.5.2: at least 112 bits).
std::string Digest(absl::string_view text);

// `bytes` random bytes, as base64url without padding.
std::string RandomSecret(size_t bytes);

}  // namespace perennial::crypto
