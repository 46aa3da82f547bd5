#include "simulators/payment_gateway/config.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_join.h>
#include <arpa/inet.h>

#include <vector>

namespace perennial::gateway_simulator {
namespace {

std::string Value(const std::function<const char*(const char*)>& get, const char* name,
                  const char* fallback) {
  const char* value = get(name);
  return value == nullptr || *value == '\0' ? fallback : value;
}

bool SplitAddress(const std::string& listen, Config& config) {
  const size_t colon = listen.rfind(':');
  if (colon == std::string::npos) return false;
  config.host = listen.substr(0, colon);
  in_addr address{};
  return inet_pton(AF_INET, config.host.c_str(), &address) == 1 &&
         absl::SimpleAtoi(listen.substr(colon + 1), &config.port) && config.port >= 0 && config.port <= 65535;
}

}  // namespace

absl::StatusOr<Config> ReadConfig(const std::function<const char*(const char*)>& get) {
  std::vector<std::string> mistakes;
  Config config;
  if (!SplitAddress(Value(get, "GATEWAY_LISTEN", "127.0.0.1:7190"), config)) {
    mistakes.emplace_back("GATEWAY_LISTEN must be IPv4:port");
  }
  config.state_folder = Value(get, "GATEWAY_STATE", "");
  if (config.state_folder.empty()) mistakes.emplace_back("GATEWAY_STATE must name a folder");
  config.api_key = Value(get, "GATEWAY_API_KEY", "");
  if (config.api_key.size() < 8) mistakes.emplace_back("GATEWAY_API_KEY must have 8 characters or more");
  if (!mistakes.empty()) return absl::InvalidArgumentError(absl::StrJoin(mistakes, "; "));
  return config;
}

}  // namespace perennial::gateway_simulator
