#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"
#include "libs/base/civil_date.h"

namespace perennial::billing::core {

// The first day that the table knows.
inline constexpr CivilDate kFirstTaxDay(2020, 1, 1);

// Standard VAT rate in millionths (190000 is 19 %) of a VatState's code on a day (R27: the rates of the day).
// Days before kFirstTaxDay have that day's rate. Aborts on a code that is not a VatState's.
int32_t StandardRatePpm(absl::string_view vat_state_code, CivilDate day);

}  // namespace perennial::billing::core
