#pragma once

#include "libs/base/environment.h"
#include "libs/process/process.h"
#include "services/billing/core/tax.h"

namespace perennial::billing {

struct Config {
  ProcessConfig process;
  std::string payment_token_target;  // PAYMENT_TOKEN_TARGET
  std::string subscription_target;   // SUBSCRIPTION_TARGET
  // SELLER_NAME, SELLER_ADDRESS, SELLER_COUNTRY, SELLER_TAX_ID, SELLER_TAX_REGISTRATIONS, TAX_TABLE_FILE
  core::Seller seller;
  std::string vies_url;  // VIES_URL; empty: simulated
};

// All mistakes at once.
absl::StatusOr<Config> ReadConfig(Environment& environment);

}  // namespace perennial::billing
