#pragma once

#include "absl/strings/string_view.h"
#include "libs/base/civil_date.h"

namespace perennial::billing::core {

// A country of the EU's VAT area.
struct VatState {
  absl::string_view code;  // ISO 3166-1 alpha-2
  absl::string_view name_en;
  absl::string_view name_fr;
  absl::string_view time_zone;   // of its capital: decides on which day a new rate begins
  absl::string_view tax_prefix;  // of its tax ids; Greece's is not its country code
};

// True for an officially assigned ISO 3166-1 alpha-2 code, upper case.
bool IsCountryCode(absl::string_view code);

// False for countries that we do not sell to.
bool IsServed(absl::string_view code);

// Whose VAT applies in a country; null outside of the EU's VAT area. Monaco's is France's (Article 7 of
// Directive 2006/112/EC).
const VatState* VatStateOf(absl::string_view country_code);

// The day in the state's capital.
CivilDate DayIn(const VatState& state, absl::Time time);

}  // namespace perennial::billing::core
