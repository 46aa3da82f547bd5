#include "services/payment_token/config.h"

#include <catch2/catch.hpp>
#include <map>

#include "absl/strings/match.h"

namespace perennial::payment_token {
namespace {

// Whether ReadConfig has something to say about the setting.
bool IsRefused(const std::string& setting, const std::map<std::string, std::string>& settings) {
  Environment environment([&](const std::string& name) -> std::optional<std::string> {
    const auto it = settings.find(name);
    return it == settings.end() ? std::nullopt : std::optional(it->second);
  });
  ReadConfig(environment);
  return absl::StrContains(environment.Check().message(), setting);
}

TEST_CASE("cards go in the clear only within this machine, or in a test (R21)") {
  const auto refused = [](const std::string& url, const std::string& time = "system") {
    return IsRefused("GATEWAY_URL", {{"GATEWAY_URL", url}, {"TIME", time}});
  };
  for (const char* url :
       {"https://api.stripe.com", "http://127.0.0.1:7190", "http://localhost", "http://[::1]:80"}) {
    INFO(url);
    CHECK_FALSE(refused(url));
  }
  for (const char* url :
       {"http://api.stripe.com", "http://127.0.0.1.example.com", "http://localhost:1@example.com",
        "http://127.0.0.1@example.com", "http://10.0.0.1:7190", "ftp://127.0.0.1"}) {
    INFO(url);
    CHECK(refused(url));
  }
  CHECK_FALSE(refused("http://gateway:7190", "test"));
}

TEST_CASE("no customer is sent to this machine after a challenge, unless in a test (R24)") {
  CHECK(IsRefused("PAYMENT_RETURN_URL", {}));
  CHECK_FALSE(IsRefused("PAYMENT_RETURN_URL", {{"TIME", "test"}}));
  CHECK_FALSE(IsRefused("PAYMENT_RETURN_URL", {{"PAYMENT_RETURN_URL", "https://shop.example/payments"}}));
}

}  // namespace
}  // namespace perennial::payment_token
