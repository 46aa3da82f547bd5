#pragma once

#include "absl/status/statusor.h"
#include "libs/base/environment.h"
#include "libs/process/process.h"

namespace perennial::domain_mailbox {

// Settings of this service: those that every service has, and BACK_ENDS, which must say "simulated": nobody
// is to sell domains that nobody registers without knowing it.
absl::StatusOr<ProcessConfig> ReadConfig(Environment& environment);

}  // namespace perennial::domain_mailbox
