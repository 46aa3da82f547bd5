#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/subscription/core/catalogue.h"

namespace perennial::subscription {

// Reads the catalogue's JSON and checks all its rules. INVALID_ARGUMENT says what is wrong.
absl::StatusOr<core::Catalogue> ParseCatalogue(const std::string& json_text);

}  // namespace perennial::subscription
