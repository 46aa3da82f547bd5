#include "services/account/config.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"

namespace perennial::account {
namespace {

constexpr char kSchemaVersion[] = "20261123000760";
constexpr size_t kEd25519Bytes = 32;

std::vector<std::string> ReadPublicKeys(Environment& environment) {
  std::vector<std::string> keys;
  const std::string text = environment.Optional("TOKEN_OTHER_PUBLIC_KEYS", "");
  for (const absl::string_view hex : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    const bool valid = hex.size() == 2 * kEd25519Bytes &&
                       hex.find_first_not_of("0123456789abcdefABCDEF") == absl::string_view::npos;
    environment.Expect(valid,
                       "TOKEN_OTHER_PUBLIC_KEYS must be public keys of 64 hexadecimal digits, by commas");
    if (valid) keys.push_back(absl::HexStringToBytes(hex));
  }
  return keys;
}

}  // namespace

Config ReadConfig(Environment& environment) {
  Config config;
  config.process = ReadProcessConfig(environment, "account", 1, kSchemaVersion);
  config.token_signing_seed = environment.RequiredSecret("TOKEN_SIGNING_SEED", kEd25519Bytes,
                                                         "the seed of the key that signs access tokens");
  config.other_public_keys = ReadPublicKeys(environment);
  return config;
}

}  // namespace perennial::account
