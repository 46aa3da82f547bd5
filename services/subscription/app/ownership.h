#pragma once

#include "libs/base/caller.h"
#include "libs/base/error.h"

namespace perennial::subscription {

// What is not the caller's is NOT_FOUND, the same as what does not exist (R33).
inline absl::Status RequireOwner(const Caller& caller, const Uuid& account_id, absl::string_view reason) {
  return caller.Owns(account_id) ? absl::OkStatus() : NotFound(reason, "there is nothing of this name");
}

}  // namespace perennial::subscription
