#include "services/payment_token/config.h"

#include "absl/strings/match.h"

namespace perennial::payment_token {
namespace {

constexpr char kSchemaVersion[] = "20261123000200";
constexpr size_t kLongestUrl = 200;

bool IsUrl(const std::string& url) {
  return (absl::StartsWith(url, "https://") || absl::StartsWith(url, "http://")) && url.size() <= kLongestUrl;
}

}  // namespace

Config ReadConfig(Environment& environment) {
  Config config;
  config.process = ReadProcessConfig(environment, "payment_token", 4, kSchemaVersion);
  config.gateway.url = environment.Optional("GATEWAY_URL", "http://127.0.0.1:7190");
  config.gateway.api_key =
      environment.Required("GATEWAY_API_KEY", "secret key of the account at the payment gateway");
  config.gateway.return_url = environment.Optional("PAYMENT_RETURN_URL", "http://127.0.0.1/payments");
  environment.Expect(IsUrl(config.gateway.url) && !absl::EndsWith(config.gateway.url, "/"),
                     "GATEWAY_URL must be http(s)://HOST[:PORT], without a path");
  environment.Expect(IsUrl(config.gateway.return_url), "PAYMENT_RETURN_URL must be an http(s) URL");
  return config;
}

}  // namespace perennial::payment_token
