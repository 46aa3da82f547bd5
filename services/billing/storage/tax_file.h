#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/billing/core/tax_rates.h"

namespace perennial::billing {

// Reads services/billing/taxes.json. INVALID_ARGUMENT if it is not a tax table in JSON, or one that
// core::TaxTable refuses.
absl::StatusOr<core::TaxTable> ParseTaxes(const std::string& json_text);

}  // namespace perennial::billing
