#pragma once

#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "libs/base/uuid.h"

namespace perennial {

// What makes a request the same request (R35, AIP-155).
struct RequestKey {
  std::string scope;  // who asks: an account, a service, or "public"; ids of others are not seen
  Uuid request_id;
  std::string method;  // full gRPC method name
  std::string hash;    // keyed hash of the request without its secrets
};

// Remembers answers for at least 24 hours.
class RequestLog {
 public:
  virtual ~RequestLog() = default;

  // The answer that was given to this very request; nothing if it is new.
  // The same id with another method or content is FAILED_PRECONDITION / REQUEST_ID_REUSED.
  virtual absl::StatusOr<std::optional<std::string>> Find(const RequestKey& key) = 0;

  // Runs `effect` and remembers its answer, in one transaction: both happen or neither. If the same request
  // was done before, whenever and by whomever, `effect` is undone and that answer returned (or the refusal of
  // Find). Refusals of `effect` are not remembered.
  virtual absl::StatusOr<std::string> Once(const RequestKey& key,
                                           absl::FunctionRef<absl::StatusOr<std::string>()> effect) = 0;
};

}  // namespace perennial
