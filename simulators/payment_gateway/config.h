// The simulator's settings, from the environment; README.md lists them.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <string>

namespace perennial::gateway_simulator {

struct Config {
  std::string host;
  int port = 0;  // 0: any free one
  std::string state_folder;
  std::string api_key;
};

// Reads GATEWAY_LISTEN, GATEWAY_STATE and GATEWAY_API_KEY. `get` returns a variable's value, or
// nullptr. INVALID_ARGUMENT names all mistakes at once.
absl::StatusOr<Config> ReadConfig(const std::function<const char*(const char*)>& get);

}  // namespace perennial::gateway_simulator
