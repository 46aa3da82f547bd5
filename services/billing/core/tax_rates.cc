#include "services/billing/core/tax_rates.h"

#include <cstdlib>
#include <set>

#include "absl/strings/str_cat.h"
#include "libs/base/status_macros.h"
#include "services/billing/core/country.h"

namespace perennial::billing::core {
namespace {

constexpr int kVatStates = 27;
// Beyond these somebody wrote percents, or one digit too many.
constexpr int32_t kLowestRatePpm = 10'000;
constexpr int32_t kHighestRatePpm = 500'000;

absl::Status Wrong(absl::string_view country, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(country, ": ", what));
}

absl::Status CheckRates(const CountryRates& country) {
  if (country.rates.empty() || country.rates[0].from > kFirstTaxDay) {
    return Wrong(country.country_code, "its rates must begin by 2020-01-01");
  }
  for (size_t i = 0; i < country.rates.size(); ++i) {
    const DatedRate& rate = country.rates[i];
    if (rate.rate_ppm < kLowestRatePpm || rate.rate_ppm > kHighestRatePpm) {
      return Wrong(country.country_code, "a rate must be from 1 to 50 %, in millionths");
    }
    if (i > 0 && rate.from <= country.rates[i - 1].from) {
      return Wrong(country.country_code, "its rates must be in the order of their days");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TaxTable> TaxTable::Make(std::vector<CountryRates> eu, std::vector<OtherCountry> others) {
  std::set<std::string> states;
  for (const CountryRates& country : eu) {
    const VatState* state = VatStateOf(country.country_code);
    if (state == nullptr || state->code != country.country_code) {
      return Wrong(country.country_code, "is no state of the EU's VAT area");
    }
    if (!states.insert(country.country_code).second) return Wrong(country.country_code, "is there twice");
    RETURN_IF_ERROR(CheckRates(country));
  }
  if (states.size() != kVatStates) return Wrong("EU", "all 27 states must be there");
  for (const OtherCountry& country : others) {
    const std::string& code = country.rates.country_code;
    if (!IsCountryCode(code) || VatStateOf(code) != nullptr) {
      return Wrong(code, "is no country outside of the EU's VAT area");
    }
    if (!states.insert(code).second) return Wrong(code, "is there twice");
    if (country.name_en.empty() || country.name_fr.empty()) return Wrong(code, "needs its names");
    if (!LoadTimeZone(country.time_zone).ok()) return Wrong(code, "needs an IANA time zone");
    RETURN_IF_ERROR(CheckRates(country.rates));
  }
  TaxTable table;
  table.eu_ = std::move(eu);
  table.others_ = std::move(others);
  return table;
}

const CountryRates& TaxTable::RatesOf(absl::string_view country_code) const {
  for (const CountryRates& country : eu_) {
    if (country.country_code == country_code) return country;
  }
  const OtherCountry* other = FindOther(country_code);
  if (other == nullptr) std::abort();
  return other->rates;
}

int32_t TaxTable::StandardRatePpm(absl::string_view country_code, CivilDate day) const {
  const CountryRates& country = RatesOf(country_code);
  int32_t rate_ppm = country.rates[0].rate_ppm;
  for (const DatedRate& rate : country.rates) {
    if (rate.from <= day) rate_ppm = rate.rate_ppm;
  }
  return rate_ppm;
}

std::optional<CivilDate> TaxTable::NextRateDay(absl::string_view country_code, CivilDate day) const {
  for (const DatedRate& rate : RatesOf(country_code).rates) {
    if (rate.from > day) return rate.from;
  }
  return std::nullopt;
}

const OtherCountry* TaxTable::FindOther(absl::string_view country_code) const {
  for (const OtherCountry& country : others_) {
    if (country.rates.country_code == country_code) return &country;
  }
  return nullptr;
}

}  // namespace perennial::billing::core
