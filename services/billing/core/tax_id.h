#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace perennial::billing::core {

// Upper case, without the spaces, dots and dashes that people write in tax ids.
std::string NormalizeTaxId(absl::string_view tax_id);

// Whether a normalized tax id has the form and the check digits of its country. It begins with the country's
// prefix ("EL" in Greece; "GB" or "XI" in the United Kingdom). Known are the EU's states, the United Kingdom,
// Switzerland, Liechtenstein and Norway; elsewhere it is 4 to 20 letters and digits. Says nothing about
// whether the id was given out.
bool IsTaxId(absl::string_view country_code, absl::string_view tax_id);

// Whether VIES, the EU's register, knows such ids: those of the EU's states and of Northern Ireland.
// Elsewhere an id may begin with the same letters and mean nothing by them.
bool IsInVies(absl::string_view country_code, absl::string_view tax_id);

}  // namespace perennial::billing::core
