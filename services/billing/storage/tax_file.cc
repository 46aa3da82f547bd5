#include "services/billing/storage/tax_file.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "libs/base/status_macros.h"

namespace perennial::billing {
namespace {

using nlohmann::json;

absl::StatusOr<core::CountryRates> RatesOf(const std::string& country_code, const json& rows) {
  core::CountryRates country{country_code, {}};
  for (const json& row : rows) {
    // Where it comes from is for people, but nobody may leave it out.
    if (row.at("source").get<std::string>().empty()) {
      return absl::InvalidArgumentError(absl::StrCat(country_code, ": a rate has no source"));
    }
    ASSIGN_OR_RETURN(const CivilDate from, ParseDate(row.at("from").get<std::string>()));
    country.rates.push_back({from, row.at("rate_ppm")});
  }
  return country;
}

}  // namespace

absl::StatusOr<core::TaxTable> ParseTaxes(const std::string& json_text) {
  std::vector<core::CountryRates> eu;
  std::vector<core::OtherCountry> others;
  try {
    const json root = json::parse(json_text);
    for (const auto& [code, rows] : root.at("eu").items()) {
      ASSIGN_OR_RETURN(core::CountryRates country, RatesOf(code, rows));
      eu.push_back(std::move(country));
    }
    for (const auto& [code, value] : root.at("others").items()) {
      ASSIGN_OR_RETURN(core::CountryRates rates, RatesOf(code, value.at("rates")));
      others.push_back({.rates = std::move(rates),
                        .name_en = value.at("name").at("en"),
                        .name_fr = value.at("name").at("fr"),
                        .time_zone = value.at("time_zone"),
                        .is_reverse_charge = value.at("reverse_charge")});
    }
  } catch (const json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("the tax table cannot be read: ", error.what()));
  }
  return core::TaxTable::Make(std::move(eu), std::move(others));
}

}  // namespace perennial::billing
