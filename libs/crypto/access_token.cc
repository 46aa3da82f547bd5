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
  return AccessClaims{*account_id, *session_id, *issue_time, *expire_time};
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
                               {"exp", absl::ToUnixSeconds(claims.expire_time)}};
  const std::string signed_part =
      absl::StrCat(absl::WebSafeBase64Escape(header.dump()), ".", absl::WebSafeBase64Escape(body.dump()));
  std::string signature(crypto_sign_BYTES, '\0');
  crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr, Raw(signed_part),
                       signed_part.size(), Raw(secret_key_));
  return absl::StrCat(signed_part, ".", absl::WebSafeBase64Escape(signature));
}

absl::StatusOr<std::string> AccessTokenVerifier::PublicKey(const std::string& key_id) {
  {
    std::lock_guard lock(mutex_);
    if (const auto it = keys_.find(key_id); it != keys_.end()) return it->second;
    const absl::Time now = absl::Now();
    if (now - last_fetch_ < kFetchPause && !keys_.empty()) return Invalid();
    last_fetch_ = now;
  }
  ASSIGN_OR_RETURN(const std::vector<VerifyingKey> fetched, fetch_());
  std::lock_guard lock(mutex_);
  for (const VerifyingKey& key : fetched) keys_[key.key_id] = key.public_key;
  const auto it = keys_.find(key_id);
  if (it == keys_.end()) return Invalid();
  return it->second;
}

absl::StatusOr<AccessClaims> AccessTokenVerifier::VerifySignature(absl::string_view token) {
  const std::vector<absl::string_view> parts = absl::StrSplit(token, '.');
  if (token.size() > kMaxTokenBytes || parts.size() != 3) return Invalid();
  const auto header = DecodeJson(parts[0]);
  if (!header || Text(*header, "alg") != "EdDSA") return Invalid();
  std::string signature;
  if (!absl::WebSafeBase64Unescape(parts[2], &signature) || signature.size() != crypto_sign_BYTES)
    return Invalid();
  ASSIGN_OR_RETURN(const std::string public_key, PublicKey(Text(*header, "kid")));
  const absl::string_view signed_part = token.substr(0, parts[0].size() + 1 + parts[1].size());
  const bool genuine =
      public_key.size() == crypto_sign_PUBLICKEYBYTES &&
      crypto_sign_verify_detached(Raw(signature), Raw(signed_part), signed_part.size(), Raw(public_key)) == 0;
  if (!genuine) return Invalid();
  return ReadClaims(parts[1]);
}

absl::StatusOr<AccessClaims> AccessTokenVerifier::Verify(absl::string_view token) {
  std::optional<AccessClaims> claims;
  {
    std::lock_guard lock(mutex_);
    if (const auto it = verified_.find(token); it != verified_.end()) claims = it->second;
  }
  if (!claims) {
    ASSIGN_OR_RETURN(claims, VerifySignature(token));
    std::lock_guard lock(mutex_);
    if (verified_.size() >= kMaxRemembered) verified_.clear();
    verified_.emplace(token, *claims);
  }
  if (clock_.Now() >= claims->expire_time) {
    return Refusal(absl::StatusCode::kUnauthenticated, "ACCESS_TOKEN_EXPIRED",
                   "the access token has expired; refresh the session");
  }
  return *claims;
}

}  // namespace perennial::crypto
