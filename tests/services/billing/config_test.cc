#include "services/billing/config.h"

#include <catch2/catch.hpp>

namespace perennial::billing {
namespace {

// All that ReadConfig has to say about an environment with nothing in it but TIME.
std::string Mistakes(const std::string& time) {
  Environment environment([&](const std::string& name) -> std::optional<std::string> {
    return name == "TIME" ? std::optional(time) : std::nullopt;
  });
  ReadConfig(environment);
  return std::string(environment.Check().message());
}

TEST_CASE("Nobody issues invoices of an example seller but in tests (R27)") {
  for (const char* name : {"SELLER_NAME", "SELLER_COUNTRY", "SELLER_TAX_ID", "SELLER_ADDRESS"}) {
    INFO(name);
    CHECK(Mistakes("system").find(name) != std::string::npos);
    CHECK(Mistakes("test").find(name) == std::string::npos);
  }
}

}  // namespace
}  // namespace perennial::billing
