#pragma once

#include "absl/strings/string_view.h"

namespace perennial::billing::core {

// Whether the check digits of a tax id are right. `id` is what follows the prefix and must have a form of
// that prefix (tax_id.cc). True for forms that have none: BG, CZ and LV give persons numbers without.
bool HasCheckDigits(absl::string_view prefix, absl::string_view id);

}  // namespace perennial::billing::core
