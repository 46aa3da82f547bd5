#include "services/payment_token/config.h"

#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace perennial::payment_token {
namespace {

constexpr char kSchemaVersion[] = "20261124000100";
constexpr size_t kLongestUrl = 200;
// Workers wait for the gateway. More than subscription has batches (16), or while the gateway is slow a
// customer who pays waits for one of them.
constexpr int kWorkers = 24;
// Each is an open file.
constexpr int64_t kMostConnections = 1000;

// Card numbers and the secret key go there: in the clear only to this machine (R21).
bool IsSafe(absl::string_view url, bool test_time) {
  if (test_time || absl::StartsWith(url, "https://")) return true;
  if (!absl::ConsumePrefix(&url, "http://")) return false;
  for (const absl::string_view host : {"127.0.0.1", "localhost", "[::1]"}) {
    absl::string_view rest = url;
    // What follows must be a port, so that no other host begins like this one.
    if (absl::ConsumePrefix(&rest, host) &&
        (rest.empty() ||
         (rest.front() == ':' && rest.find_first_not_of("0123456789", 1) == absl::string_view::npos)))
      return true;
  }
  return false;
}

bool IsUrl(const std::string& url) {
  return (absl::StartsWith(url, "https://") || absl::StartsWith(url, "http://")) && url.size() <= kLongestUrl;
}

}  // namespace

Config ReadConfig(Environment& environment) {
  Config config;
  config.process = ReadProcessConfig(environment, "payment_token", 4, kSchemaVersion, kWorkers);
  config.gateway.url = environment.Optional("GATEWAY_URL", "http://127.0.0.1:7190");
  config.gateway.api_key =
      environment.Required("GATEWAY_API_KEY", "secret key of the account at the payment gateway");
  config.gateway.connections = static_cast<int>(
      environment.Integer("GATEWAY_CONNECTIONS", config.gateway.connections, 1, kMostConnections));
  config.gateway.return_url =
      config.process.test_time
          ? environment.Optional("PAYMENT_RETURN_URL", "http://127.0.0.1/payments")
          : environment.Required("PAYMENT_RETURN_URL", "where a customer lands after a challenge");
  environment.Expect(IsUrl(config.gateway.url) && !absl::EndsWith(config.gateway.url, "/"),
                     "GATEWAY_URL must be http(s)://HOST[:PORT], without a path");
  environment.Expect(IsSafe(config.gateway.url, config.process.test_time),
                     "GATEWAY_URL must be https unless it is on this machine, or TIME is test");
  environment.Expect(IsUrl(config.gateway.return_url), "PAYMENT_RETURN_URL must be an http(s) URL");
  return config;
}

}  // namespace perennial::payment_token
