#pragma once

#include "libs/base/environment.h"
#include "libs/process/process.h"
#include "services/billing/core/billing_profile.h"

namespace perennial::billing {

struct Config {
  ProcessConfig process;
  core::Party seller;  // SELLER_NAME, SELLER_ADDRESS, SELLER_COUNTRY, SELLER_TAX_ID
};

// Mistakes are collected in `environment`.
Config ReadConfig(Environment& environment);

}  // namespace perennial::billing
