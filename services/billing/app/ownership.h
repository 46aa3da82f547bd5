#pragma once

#include "absl/status/status.h"
#include "libs/base/caller.h"
#include "libs/base/error.h"
#include "libs/base/uuid.h"

namespace perennial::billing {

// What is not the caller's is not there (R33).
inline absl::Status CheckOwner(const Caller& caller, const Uuid& account_id) {
  if (caller.Owns(account_id)) return absl::OkStatus();
  return NotFound("ACCOUNT_NOT_FOUND", "there is no such account");
}

}  // namespace perennial::billing
