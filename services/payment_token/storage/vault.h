#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/base/uuid.h"

namespace perennial::payment_token {

// How the gateway's tokens rest: sealed, each for its table, column and row, so that neither a copy of the
// tables nor a token moved to another row can be charged.
class Vault {
 public:
  // `key`: crypto::kKeyBytes.
  explicit Vault(std::string key) : key_(std::move(key)) {}

  std::string SealToken(const Uuid& payment_method_id, absl::string_view token) const;
  // INTERNAL if it does not open: another SECRET_KEY, or a row that was tampered with. Never an empty token.
  absl::StatusOr<std::string> OpenToken(const Uuid& payment_method_id, absl::string_view sealed) const;
  std::string SealCustomer(const Uuid& account_id, absl::string_view customer) const;
  absl::StatusOr<std::string> OpenCustomer(const Uuid& account_id, absl::string_view sealed) const;

  // The gateway's fingerprint, keyed: the same for a card in all accounts.
  std::string Fingerprint(absl::string_view gateway_fingerprint) const;

  // Tells a deleted account again, and nothing else.
  std::string HashOfAccount(const Uuid& account_id) const;

 private:
  absl::StatusOr<std::string> Open(absl::string_view context, absl::string_view sealed) const;

  const std::string key_;
};

}  // namespace perennial::payment_token
