#include "services/billing/core/tax_rates.h"

#include <algorithm>
#include <cstdlib>

namespace perennial::billing::core {
namespace {

// A rate holds from its day until the country's next row. Dates are written YYYYMMDD to be read as a table.
// Source: European Commission, "Taxes in Europe Database" (standard VAT rates), read through the countries'
// laws of change; a new rate is a new row, never a changed one.
struct Rate {
  absl::string_view country;
  int32_t valid_from;
  int32_t rate_ppm;
};

constexpr Rate kRates[] = {
    {"AT", 20200101, 200'000}, {"BE", 20200101, 210'000}, {"BG", 20200101, 200'000},
    {"CY", 20200101, 190'000}, {"CZ", 20200101, 210'000}, {"DE", 20200101, 190'000},
    {"DE", 20200701, 160'000}, {"DE", 20210101, 190'000}, {"DK", 20200101, 250'000},
    {"EE", 20200101, 200'000}, {"EE", 20240101, 220'000}, {"EE", 20250701, 240'000},
    {"ES", 20200101, 210'000}, {"FI", 20200101, 240'000}, {"FI", 20240901, 255'000},
    {"FR", 20200101, 200'000}, {"GR", 20200101, 240'000}, {"HR", 20200101, 250'000},
    {"HU", 20200101, 270'000}, {"IE", 20200101, 230'000}, {"IE", 20200901, 210'000},
    {"IE", 20210301, 230'000}, {"IT", 20200101, 220'000}, {"LT", 20200101, 210'000},
    {"LU", 20200101, 170'000}, {"LU", 20230101, 160'000}, {"LU", 20240101, 170'000},
    {"LV", 20200101, 210'000}, {"MT", 20200101, 180'000}, {"NL", 20200101, 210'000},
    {"PL", 20200101, 230'000}, {"PT", 20200101, 230'000}, {"RO", 20200101, 190'000},
    {"RO", 20250801, 210'000}, {"SE", 20200101, 250'000}, {"SI", 20200101, 220'000},
    {"SK", 20200101, 200'000}, {"SK", 20250101, 230'000},
};

}  // namespace

int32_t StandardRatePpm(absl::string_view vat_state_code, CivilDate day) {
  const CivilDate known = std::max(day, kFirstTaxDay);
  const int64_t as_number = known.year() * 10'000 + known.month() * 100 + known.day();
  int32_t rate_ppm = -1;
  for (const Rate& rate : kRates) {
    if (rate.country == vat_state_code && rate.valid_from <= as_number) rate_ppm = rate.rate_ppm;
  }
  if (rate_ppm < 0) std::abort();
  return rate_ppm;
}

}  // namespace perennial::billing::core
