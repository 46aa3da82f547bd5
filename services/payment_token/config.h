#pragma once

#include "libs/process/process.h"
#include "services/payment_token/gateways/stripe_gateway.h"

namespace perennial::payment_token {

struct Config {
  ProcessConfig process;
  StripeGateway::Options gateway;
};

// Mistakes are collected in `environment`.
Config ReadConfig(Environment& environment);

}  // namespace perennial::payment_token
