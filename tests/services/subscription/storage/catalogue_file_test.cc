#include "services/subscription/storage/catalogue_file.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/status_matchers.h"

namespace perennial::subscription {
namespace {

TEST_CASE("The catalogue that ships keeps all rules, and has Gold and Platinum in EUR and USD (R8, R9)") {
  std::ifstream file(PERENNIAL_CATALOGUE_FILE);
  std::ostringstream text;
  text << file.rdbuf();
  const auto catalogue = ParseCatalogue(text.str());
  REQUIRE_OK(catalogue);
  CHECK(catalogue->plans().size() == 6);
  for (const std::string currency : {"EUR", "USD"}) {
    CHECK(catalogue->PlanPrice("platinum", 12, currency)->minor >
          catalogue->PlanPrice("gold", 12, currency)->minor);
  }
}

TEST_CASE("What is retired says so in the file") {
  std::ifstream file(PERENNIAL_CATALOGUE_FILE);
  nlohmann::json content = nlohmann::json::parse(file);
  content["plans"][2]["retired"] = true;
  content["domains"][0]["retired"] = true;
  const auto catalogue = ParseCatalogue(content.dump());
  REQUIRE_OK(catalogue);
  CHECK(catalogue->plans()[2].retired);
  CHECK_FALSE(catalogue->plans()[3].retired);
  CHECK(catalogue->domains()[0].retired);
}

TEST_CASE("A broken catalogue is refused with what is wrong") {
  CHECK_FALSE(ParseCatalogue("{").ok());
  CHECK_FALSE(ParseCatalogue("{}").ok());
  CHECK_FALSE(ParseCatalogue(R"({"plans": 3})").ok());
}

}  // namespace
}  // namespace perennial::subscription
