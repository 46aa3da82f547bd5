#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/base/environment.h"
#include "libs/process/process.h"
#include "services/subscription/core/catalogue.h"

namespace perennial::subscription {

// This service's settings; ProcessConfig has those that all services share.
struct Config {
  ProcessConfig process;
  std::string billing_target;         // BILLING_TARGET
  std::string payment_token_target;   // PAYMENT_TOKEN_TARGET
  std::string domain_mailbox_target;  // DOMAIN_MAILBOX_TARGET
  core::Catalogue catalogue;          // CATALOGUE_FILE: read and checked at start
};

// INVALID_ARGUMENT lists every mistake.
absl::StatusOr<Config> ReadConfig(Environment& environment);

}  // namespace perennial::subscription
