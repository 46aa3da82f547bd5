#include "libs/crypto/access_token.h"

#include <sodium.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace perennial::crypto {
namespace {

constexpr size_t kMaxTokenBytes = 2048;
constexpr size_t kMaxRemembered = 10'000;
constexpr absl::Duration kFetchPause = absl::Seconds(5);
constexpr absl::Duration kRetryPause = absl::Milliseconds(500);
constexpr absl::Duration kKeysLast = absl::Minutes(5);
// Longer than account gives: a stolen key shall not make tokens that outlive its withdrawal.
constexpr absl::Duration kLongestLife = absl::Minutes(15);
constexpr char kIssuer[] = "perennial";

const unsigned char* Raw(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

absl::Status Invalid() {
  return Refusal(absl::StatusCode::kUnauthenticated, "ACCESS_TOKEN_INVALID",
                 "the access token is not valid; sign in again");
}

std::optional<nlohmann::json> DecodeJson(absl::string_view base64) {
  std::string text;
  if (!absl::WebSafeBase64Unescape(base64, &text)) return std::nullopt;
  auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  return json.is_object() ? std::optional(json) : std::nullopt;
}

std::string Text(const nlohmann::json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

std::optional<absl::Time> Seconds(const nlohmann::json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_number_integer()) return std::nullopt;
  return absl::FromUnixSeconds(it->get<int64_t>());
}

absl::StatusOr<AccessClaims> ReadClaims(absl::string_view base64) {
  const auto json = DecodeJson(base64);
  if (!json || Text(*json, "iss") != kIssuer) return Invalid();
  const auto account_id = Uuid::Parse(Text(*json, "sub"));
  const auto session_id = Uuid::Parse(Text(*json, "sid"));
  const auto issue_time = Seconds(*json, "iat");
  const auto expire_time = Seconds(*json, "exp");
  if (!account_id.ok() || !session_id.ok() || !issue_time || !expire_time) return Invalid();
  return AccessClaims{*account_id, *session_id, *issue_time, *expire_time, Text(*json, "locale")};
}

}  // namespace

SigningKey::SigningKey(std::string key_id, absl::string_view seed)
    : key_id_(std::move(key_id)),
      public_key_(crypto_sign_PUBLICKEYBYTES, '\0'),
      secret_key_(crypto_sign_SECRETKEYBYTES, '\0') {
  if (sodium_init() < 0 || seed.size() != crypto_sign_SEEDBYTES) std::abort();
  crypto_sign_seed_keypair(reinterpret_cast<unsigned char*>(public_key_.data()),
                           reinterpret_cast<unsigned char*>(secret_key_.data()), Raw(seed));
}

std::string SigningKey::Sign(const AccessClaims& claims) const {
  const nlohmann::json header = {{"alg", "EdDSA"}, {"typ", "at+jwt"}, {"kid", key_id_}};
  const nlohmann::json body = {{"iss", kIssuer},
                               {"sub", claims.account_id.ToString()},
                               {"sid", claims.session_id.ToString()},
                               {"iat", absl::ToUnixSeconds(claims.issue_time)},
                               {"exp", absl::ToUnixSeconds(claims.expire_time)},
                               {"locale", claims.language}};
  const std::string signed_part =
      absl::StrCat(absl::WebSafeBase64Escape(header.dump()), ".", absl::WebSafeBase64Escape(body.dump()));
  std::string signature(crypto_sign_BYTES, '\0');
  crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr, Raw(signed_part),
                       signed_part.size(), Raw(secret_key_));
  return absl::StrCat(signed_part, ".", absl::WebSafeBase64Escape(signature));
}

std::optional<VerifyingKey> AccessTokenVerifier::KnownKey(const std::string& key_id) {
  std::lock_guard lock(mutex_);
  const auto it = keys_.find(key_id);
  return it == keys_.end() ? std::nullopt : std::optional(it->second);
}

absl::StatusOr<VerifyingKey> AccessTokenVerifier::KeyOf(const std::string& key_id) {
  if (auto known = KnownKey(key_id)) return *std::move(known);
  std::lock_guard fetching(fetching_);
  // Whoever held the lock before may have brought it.
  if (auto known = KnownKey(key_id)) return *std::move(known);
  if (absl::Now() >= next_fetch_) Fetch();
  RETURN_IF_ERROR(last_fetch_);
  if (auto known = KnownKey(key_id)) return *std::move(known);
  return Invalid();
}

void AccessTokenVerifier::Fetch() {
  auto fetched = fetch_();
  last_fetch_ = fetched.status();
  next_fetch_ = absl::Now() + (fetched.ok() ? kFetchPause : kRetryPause);
  std::lock_guard lock(mutex_);
  // While account cannot be asked, those that were good stay good.
  fresh_until_ = clock_.Now() + (fetched.ok() ? kKeysLast : kFetchPause);
  if (!fetched.ok()) return;
  // A key that is no longer listed is no longer trusted, nor is what it signed.
  ++fetches_;
  keys_.clear();
  verified_.clear();
  for (VerifyingKey& key : *fetched) keys_[key.key_id] = key;
}

void AccessTokenVerifier::RefreshIfOld() {
  {
    std::lock_guard lock(mutex_);
    if (clock_.Now() < fresh_until_) return;
  }
  const std::unique_lock fetching(fetching_, std::try_to_lock);
  if (fetching) Fetch();
}

absl::StatusOr<AccessTokenVerifier::Verified> AccessTokenVerifier::VerifySignature(absl::string_view token) {
  const std::vector<absl::string_view> parts = absl::StrSplit(token, '.');
  if (token.size() > kMaxTokenBytes || parts.size() != 3) return Invalid();
  const auto header = DecodeJson(parts[0]);
  if (!header || Text(*header, "alg") != "EdDSA") return Invalid();
  std::string signature;
  const bool decoded = absl::WebSafeBase64Unescape(parts[2], &signature) &&
                       absl::WebSafeBase64Escape(signature) == parts[2];  // one spelling a signature
  if (!decoded || signature.size() != crypto_sign_BYTES) return Invalid();
  ASSIGN_OR_RETURN(const VerifyingKey key, KeyOf(Text(*header, "kid")));
  const absl::string_view signed_part = token.substr(0, parts[0].size() + 1 + parts[1].size());
  const bool genuine = key.public_key.size() == crypto_sign_PUBLICKEYBYTES &&
                       crypto_sign_verify_detached(Raw(signature), Raw(signed_part), signed_part.size(),
                                                   Raw(key.public_key)) == 0;
  if (!genuine) return Invalid();
  ASSIGN_OR_RETURN(const AccessClaims claims, ReadClaims(parts[1]));
  if (claims.issue_time < key.not_before_time || claims.expire_time - claims.issue_time > kLongestLife)
    return Invalid();
  return Verified{claims, key.retire_time};
}

absl::StatusOr<AccessClaims> AccessTokenVerifier::Verify(absl::string_view token) {
  RefreshIfOld();
  std::optional<Verified> verified;
  int64_t fetches = 0;
  {
    std::lock_guard lock(mutex_);
    fetches = fetches_;
    if (const auto it = verified_.find(token); it != verified_.end()) verified = it->second;
  }
  if (!verified) {
    ASSIGN_OR_RETURN(verified, VerifySignature(token));
    std::lock_guard lock(mutex_);
    if (verified_.size() >= kMaxRemembered) verified_.clear();
    if (fetches == fetches_) verified_.emplace(token, *verified);  // else its key may be gone meanwhile
  }
  const absl::Time now = clock_.Now();
  if (now >= verified->retire_time) return Invalid();
  if (now >= verified->claims.expire_time) {
    return Refusal(absl::StatusCode::kUnauthenticated, "ACCESS_TOKEN_EXPIRED",
                   "the access token has expired; refresh the session");
  }
  return verified->claims;
}

}  // namespace perennial::crypto
