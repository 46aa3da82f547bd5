#pragma once

#include <string>
#include <vector>

#include "libs/base/environment.h"
#include "libs/process/process.h"

namespace perennial::account {

struct Config {
  ProcessConfig process;
  std::string token_signing_seed;  // TOKEN_SIGNING_SEED: Ed25519 seed of 32 bytes, in hex
  std::vector<std::string>
      other_public_keys;  // TOKEN_OTHER_PUBLIC_KEYS: the next or the last key, in hex, by commas
};

// Mistakes are collected in `environment`.
Config ReadConfig(Environment& environment);

}  // namespace perennial::account
