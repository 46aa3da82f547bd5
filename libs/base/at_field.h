#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/base/error.h"

namespace perennial {

// What was refused as an argument, with the field of the request that is at fault (AIP-193's BadRequest),
// unless it names one already. Any other status as it is.
inline absl::Status AtField(absl::Status status, absl::string_view field) {
  if (status.code() == absl::StatusCode::kInvalidArgument && FieldViolationsOf(status).empty())
    SetFieldViolations(status, {{std::string(field), std::string(status.message())}});
  return status;
}

}  // namespace perennial
