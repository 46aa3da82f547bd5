#include "services/billing/config.h"

#include <catch2/catch.hpp>

namespace perennial::billing {
namespace {

// All that ReadConfig has to say about an environment with nothing in it but TIME.
std::string Mistakes(const std::string& time) {
  Environment environment([&](const std::string& name) -> std::optional<std::string> {
    return name == "TIME" ? std::optional(time) : std::nullopt;
  });
  return std::string(ReadConfig(environment).status().message());
}

TEST_CASE("Nobody issues invoices of an example seller but in tests (R27)") {
  for (const char* name : {"SELLER_NAME", "SELLER_COUNTRY", "SELLER_TAX_ID", "SELLER_ADDRESS", "VIES_URL"}) {
    INFO(name);
    CHECK(Mistakes("system").find(name) != std::string::npos);
    CHECK(Mistakes("test").find(name) == std::string::npos);
  }
}

TEST_CASE(
    "The seller's registrations outside of the EU must be countries of the tax table, with their tax ids") {
  const auto read = [](const std::string& registrations) {
    Environment environment([&](const std::string& name) -> std::optional<std::string> {
      if (name == "TIME") return "test";
      if (name == "TAX_TABLE_FILE") return PERENNIAL_TAX_TABLE_FILE;
      return name == "SELLER_TAX_REGISTRATIONS" ? std::optional(registrations) : std::nullopt;
    });
    return std::string(ReadConfig(environment).status().message());
  };
  const std::string name = "SELLER_TAX_REGISTRATIONS";
  CHECK(read("").find(name) == std::string::npos);
  CHECK(read("GB=GB 980 7806 84, NO=NO923609016MVA").find(name) == std::string::npos);
  for (const char* bad : {"GB", "US=123456789", "GB=GB980780685", "FR=FR11123456782", "GB=GB980780684=1"}) {
    INFO(bad);
    CHECK(read(bad).find(name) != std::string::npos);
  }
}

}  // namespace
}  // namespace perennial::billing
