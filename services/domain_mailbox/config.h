#pragma once

#include "absl/status/statusor.h"
#include "libs/base/environment.h"
#include "libs/process/process.h"

namespace perennial::domain_mailbox {

// Settings of this service: those that every service has. The back ends are simulated, so they have none.
absl::StatusOr<ProcessConfig> ReadConfig(Environment& environment);

}  // namespace perennial::domain_mailbox
