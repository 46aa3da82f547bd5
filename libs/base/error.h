#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace perennial {

// A refusal: an absl::Status that carries what AIP-193 asks of an error. libs/rpc turns it into
// google.rpc.ErrorInfo and BadRequest in one place.
//
//   reason    one of perennial.type.ErrorReason, without the enum's prefix, e.g. "QUOTE_EXPIRED"
//   message   for a developer; never holds secrets or internals
//   metadata  every variable part of the message, by name; kRetryDelaySeconds becomes a RetryInfo as well
absl::Status Refusal(absl::StatusCode code, absl::string_view reason, absl::string_view message,
                     const std::vector<std::pair<std::string, std::string>>& metadata = {});

inline constexpr char kRetryDelaySeconds[] = "retry_delay_seconds";

absl::Status NotFound(absl::string_view reason, absl::string_view message);
absl::Status Precondition(absl::string_view reason, absl::string_view message);
absl::Status Unavailable(absl::string_view reason, absl::string_view message);

// INVALID_ARGUMENT / REQUEST_INVALID about one field, by its path in the request ("card.number").
absl::Status InvalidField(absl::string_view field, absl::string_view description);

// What was refused as an argument, with the field of the request that is at fault (AIP-193's BadRequest),
// unless it names one already. Any other status as it is.
absl::Status AtField(absl::Status status, absl::string_view field);

struct FieldViolation {
  std::string field;
  std::string description;
};

// Adds to a refusal which fields of the request are at fault.
void SetFieldViolations(absl::Status& refusal, const std::vector<FieldViolation>& violations);

// Collects everything that is wrong with a request, so that the caller hears of all of it at once.
class FieldViolations {
 public:
  void Add(absl::string_view field, absl::string_view description);
  // Adds `description` for `field` unless `ok`.
  void Require(bool ok, absl::string_view field, absl::string_view description);
  // OK, or INVALID_ARGUMENT with all violations.
  absl::Status ToStatus() const;

 private:
  std::vector<FieldViolation> violations_;
};

// The parts of a refusal, for libs/rpc and for tests. Empty when the status has none.
std::string ReasonOf(const absl::Status& status);
std::vector<FieldViolation> FieldViolationsOf(const absl::Status& status);
std::vector<std::pair<std::string, std::string>> MetadataOf(const absl::Status& status);

}  // namespace perennial
