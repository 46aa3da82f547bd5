#include "services/billing/gateways/document_text.h"

#include <catch2/catch.hpp>

#include "services/billing/core/country.h"

namespace perennial::billing {

using core::Language;

TEST_CASE("Amounts are written as the reader's language and the currency want") {
  CHECK(FormatAmount(0, "EUR", Language::kEnglish) == "0.00");
  CHECK(FormatAmount(5, "EUR", Language::kFrench) == "0,05");
  CHECK(FormatAmount(123'456'789, "EUR", Language::kEnglish) == "1,234,567.89");
  CHECK(FormatAmount(123'456'789, "EUR", Language::kFrench) == "1\u202f234\u202f567,89");
  CHECK(FormatAmount(100'000, "EUR", Language::kEnglish) == "1,000.00");
  CHECK(FormatAmount(99'999, "EUR", Language::kEnglish) == "999.99");
  CHECK(FormatAmount(1'234, "JPY", Language::kEnglish) == "1,234");
  CHECK(FormatAmount(1'234, "KWD", Language::kEnglish) == "1.234");
  CHECK(FormatAmount(-150, "EUR", Language::kEnglish) == "−1.50");
  CHECK(FormatPrice(120'050, "EUR", Language::kEnglish) == "€1,200.50");
  CHECK(FormatPrice(120'050, "EUR", Language::kFrench) == "1\u202f200,50\u00a0€");
  CHECK(FormatPrice(150, "USD", Language::kEnglish) == "USD\u00a01.50");
  CHECK(FormatPrice(150, "USD", Language::kFrench) == "1,50\u00a0USD");
}

TEST_CASE("Days, periods and rates are written as people say them") {
  CHECK(FormatDay(CivilDate(2027, 1, 1), Language::kFrench) == "1er\u00a0janvier\u00a02027");
  CHECK(FormatDay(CivilDate(2027, 8, 31), Language::kFrench) == "31\u00a0août\u00a02027");
  CHECK(FormatDay(CivilDate(2027, 1, 1), Language::kEnglish) == "1\u00a0January\u00a02027");
  // Up to and including its last day.
  CHECK(FormatPeriod(CivilDate(2027, 3, 1), CivilDate(2028, 3, 1), Language::kEnglish) ==
        "1\u00a0March\u00a02027 – 29\u00a0February\u00a02028");
  CHECK(FormatRate(190'000, Language::kEnglish) == "19\u00a0%");
  CHECK(FormatRate(255'000, Language::kFrench) == "25,5\u00a0%");
  CHECK(FormatRate(81'000, Language::kEnglish) == "8.1\u00a0%");
  CHECK(FormatRate(0, Language::kEnglish) == "0\u00a0%");
}

TEST_CASE("Countries have their names, in addresses the same as on lines of tax") {
  CHECK(CountryName("MC", Language::kEnglish) == "Monaco");
  CHECK(CountryName("US", Language::kEnglish) == "United States");
  CHECK(CountryName("US", Language::kFrench) == "États-Unis");
  for (const char* code : {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
                           "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"}) {
    const core::VatState* state = core::VatStateOf(code);
    REQUIRE(state != nullptr);
    CHECK(CountryName(code, Language::kEnglish) == state->name_en);
    CHECK(CountryName(code, Language::kFrench) == state->name_fr);
  }
}

}  // namespace perennial::billing
