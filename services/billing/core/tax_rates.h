#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/base/civil_date.h"

namespace perennial::billing::core {

// The first day that every country's rates must cover.
inline constexpr CivilDate kFirstTaxDay(2020, 1, 1);

// A standard rate in millionths (190000 is 19 %), from a day on until the country's next one.
struct DatedRate {
  CivilDate from;
  int32_t rate_ppm;
};

struct CountryRates {
  std::string country_code;
  std::vector<DatedRate> rates;
};

// A country outside of the EU's VAT area whose tax a seller who is registered there takes.
struct OtherCountry {
  CountryRates rates;
  std::string name_en;
  std::string name_fr;
  std::string time_zone;           // of its capital
  bool is_reverse_charge = false;  // a company with a tax id of the country owes the tax itself
};

// The rates of the day (R27), as data: a new rate is a new row.
class TaxTable {
 public:
  // INVALID_ARGUMENT, saying what is wrong, unless all 27 states of the EU are there, and each country's
  // rates are in order and begin by kFirstTaxDay.
  static absl::StatusOr<TaxTable> Make(std::vector<CountryRates> eu, std::vector<OtherCountry> others);

  // Of a VatState's code or another country's of the table. Days before the first rate have that one. Aborts
  // on an unknown country.
  int32_t StandardRatePpm(absl::string_view country_code, CivilDate day) const;

  // The first day after `day` on which the country has another rate, as far as the table knows. Aborts alike.
  std::optional<CivilDate> NextRateDay(absl::string_view country_code, CivilDate day) const;

  // Null if the table does not have it.
  const OtherCountry* FindOther(absl::string_view country_code) const;

 private:
  const CountryRates& RatesOf(absl::string_view country_code) const;

  std::vector<CountryRates> eu_;
  std::vector<OtherCountry> others_;
};

}  // namespace perennial::billing::core
