#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace perennial::billing::core {

// Upper case, without the spaces, dots and dashes that people write in tax ids.
std::string NormalizeTaxId(absl::string_view tax_id);

// Whether a normalized tax id has the form of its country and, for BE, DE, ES, FR, IT and NL, the right check
// digits. In the EU's VAT area it begins with the state's prefix ("EL" in Greece); elsewhere it is 4 to 20
// letters and digits. Says nothing about whether the id was given out.
bool IsTaxId(absl::string_view country_code, absl::string_view tax_id);

}  // namespace perennial::billing::core
