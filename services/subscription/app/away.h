#pragma once

#include "absl/status/status.h"
#include "libs/base/error.h"

namespace perennial::subscription {

// A peer is away or did not answer, as opposed to: it refused. What is too large stays so.
inline bool IsAway(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kAborted:
      return true;
    case absl::StatusCode::kResourceExhausted:
      return ReasonOf(status) != "REQUEST_TOO_LARGE";
    default:
      return false;
  }
}

}  // namespace perennial::subscription
