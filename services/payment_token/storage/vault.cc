#include "services/payment_token/storage/vault.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "libs/crypto/keyed_hash.h"
#include "libs/crypto/seal.h"
#include "libs/telemetry/log.h"

namespace perennial::payment_token {
namespace {

std::string TokenContext(const Uuid& payment_method_id) {
  return absl::StrCat("payment_methods/token/", payment_method_id.ToString());
}

std::string CustomerContext(const Uuid& account_id) {
  return absl::StrCat("gateway_accounts/customer/", account_id.ToString());
}

}  // namespace

std::string Vault::SealToken(const Uuid& payment_method_id, absl::string_view token) const {
  return crypto::Seal(key_, TokenContext(payment_method_id), token);
}

absl::StatusOr<std::string> Vault::OpenToken(const Uuid& payment_method_id, absl::string_view sealed) const {
  return Open(TokenContext(payment_method_id), sealed);
}

std::string Vault::SealCustomer(const Uuid& account_id, absl::string_view customer) const {
  return crypto::Seal(key_, CustomerContext(account_id), customer);
}

absl::StatusOr<std::string> Vault::OpenCustomer(const Uuid& account_id, absl::string_view sealed) const {
  return Open(CustomerContext(account_id), sealed);
}

std::string Vault::Fingerprint(absl::string_view gateway_fingerprint) const {
  const std::string hash = crypto::KeyedHash(key_, absl::StrCat("fingerprint/", gateway_fingerprint));
  return absl::BytesToHexString(hash.substr(0, 16));
}

std::string Vault::HashOfAccount(const Uuid& account_id) const {
  return crypto::KeyedHash(key_, absl::StrCat("deleted_account/", account_id.ToString()));
}

absl::StatusOr<std::string> Vault::Open(absl::string_view context, absl::string_view sealed) const {
  const auto text = crypto::Open(key_, context, sealed);
  if (!text) {
    telemetry::Log(telemetry::Severity::kError, "a sealed column cannot be opened",
                   {{"at", std::string(context)}});
    return absl::InternalError("a sealed column cannot be opened");
  }
  return *text;
}

}  // namespace perennial::payment_token
