#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/uuid.h"

namespace perennial::crypto {

// What an access token says. On the wire: a JWT (RFC 7519) signed with Ed25519 (RFC 8037); no other algorithm
// is read.
struct AccessClaims {
  Uuid account_id;  // sub
  Uuid session_id;  // sid
  absl::Time issue_time;
  absl::Time expire_time;
  std::string language = "";  // locale (OpenID Connect Core, 5.1): the account's, "en" or "fr"; may be empty
};

// An Ed25519 key pair from a 32-byte seed.
class SigningKey {
 public:
  SigningKey(std::string key_id, absl::string_view seed);
  std::string Sign(const AccessClaims& claims) const;
  const std::string& key_id() const { return key_id_; }
  const std::string& public_key() const { return public_key_; }  // 32 bytes

 private:
  std::string key_id_;
  std::string public_key_;
  std::string secret_key_;
};

struct VerifyingKey {
  std::string key_id;
  std::string public_key;                             // 32 bytes
  absl::Time not_before_time = absl::InfinitePast();  // tokens issued before it are not accepted
  absl::Time retire_time = absl::InfiniteFuture();    // no token is accepted from then on
};

// Verifies access tokens without asking account each time. Thread-safe.
class AccessTokenVerifier {
 public:
  // Where current keys are had: account's SigningKeyService.
  using FetchKeys = std::function<absl::StatusOr<std::vector<VerifyingKey>>()>;

  AccessTokenVerifier(FetchKeys fetch, const Clock& clock) : fetch_(std::move(fetch)), clock_(clock) {}

  // The claims, or UNAUTHENTICATED / ACCESS_TOKEN_INVALID or ACCESS_TOKEN_EXPIRED, or UNAVAILABLE while the
  // key's id is unknown and keys cannot be had. An unknown key id fetches keys anew: one caller at a time, at
  // most every 5 seconds, or half a second after a fetch that failed. Known keys are fetched anew as well
  // every 5 minutes, so that one that was withdrawn is not believed for longer.
  absl::StatusOr<AccessClaims> Verify(absl::string_view token);

 private:
  struct Verified {
    AccessClaims claims;
    absl::Time retire_time;  // of the key
  };

  absl::StatusOr<Verified> VerifySignature(absl::string_view token);
  absl::StatusOr<VerifyingKey> KeyOf(const std::string& key_id);
  void RefreshIfOld();
  void Fetch();  // fetching_ is held
  std::optional<VerifyingKey> KnownKey(const std::string& key_id);

  const FetchKeys fetch_;
  const Clock& clock_;
  std::mutex fetching_;                           // held while keys are fetched; taken before mutex_
  absl::Time next_fetch_ = absl::InfinitePast();  // guarded by fetching_, as is the next
  absl::Status last_fetch_;
  std::mutex mutex_;
  absl::Time fresh_until_ = absl::InfiniteFuture();  // guarded by mutex_, as are the next
  int64_t fetches_ = 0;
  absl::flat_hash_map<std::string, VerifyingKey> keys_;
  // Tokens already verified, by their full text; a signature costs more than all else of a small call.
  absl::flat_hash_map<std::string, Verified> verified_;
};

}  // namespace perennial::crypto
