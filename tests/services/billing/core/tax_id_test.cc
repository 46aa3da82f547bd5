#include "services/billing/core/tax_id.h"

#include <catch2/catch.hpp>

namespace perennial::billing::core {

TEST_CASE("Tax ids of the United Kingdom, Switzerland and Norway are checked as well") {
  for (const auto& [country, id] :
       std::vector<std::pair<std::string, std::string>>{{"GB", "GB980780684"},
                                                        {"GB", "XI980780684"},
                                                        {"GB", "GB980780684001"},
                                                        {"GB", "GBGD001"},
                                                        {"GB", "GBHA599"},
                                                        {"CH", "CHE107787577"},
                                                        {"CH", "CHE107787577IVA"},
                                                        {"LI", "CHE107787577MWST"},
                                                        {"NO", "NO923609016MVA"},
                                                        {"SK", "SK2022749619"}}) {
    INFO(id);
    CHECK(IsTaxId(country, id));
  }
  for (const auto& [country, id] : std::vector<std::pair<std::string, std::string>>{{"GB", "GB802311781"},
                                                                                    {"GB", "GBGD599"},
                                                                                    {"GB", "GBHB599"},
                                                                                    {"GB", "980780684"},
                                                                                    {"GB", "G"},
                                                                                    {"FR", "XI980780684"},
                                                                                    {"CH", "CHE107787578"},
                                                                                    {"CH", "CHE107787577TVX"},
                                                                                    {"NO", "NO923609017MVA"},
                                                                                    {"SK", "SK2022749618"}}) {
    INFO(id);
    CHECK_FALSE(IsTaxId(country, id));
  }
}

TEST_CASE(
    "Slovene numbers begin with 1 to 9; 10 is written 0, and those whose check digit would be 11 are none") {
  for (const char* id : {"SI50223054", "SI91132550"}) {
    INFO(id);
    CHECK(IsTaxId("SI", id));
  }
  for (const char* id : {"SI50223055", "SI91132551", "SI10000101", "SI10000100", "SI00000019"}) {
    INFO(id);
    CHECK_FALSE(IsTaxId("SI", id));
  }
}

TEST_CASE("VIES knows the ids of the EU's states and of Northern Ireland") {
  using CountryAndId = std::pair<const char*, const char*>;
  for (const auto& [country, id] : {CountryAndId{"DE", "DE136695976"}, CountryAndId{"GR", "EL094259216"},
                                    CountryAndId{"MC", "FR61954506077"}, CountryAndId{"GB", "XI980780684"}}) {
    INFO(id);
    CHECK(IsInVies(country, id));
  }
  // Of Mexico: the taxpayer's initials and a date.
  for (const auto& [country, id] : {CountryAndId{"GB", "GB980780684"}, CountryAndId{"GR", "GR094259216"},
                                    CountryAndId{"CH", "CHE107787577"}, CountryAndId{"US", "123456789"},
                                    CountryAndId{"MX", "DEM880101XY1"}, CountryAndId{"DE", ""}}) {
    INFO(id);
    CHECK_FALSE(IsInVies(country, id));
  }
}

}  // namespace perennial::billing::core
