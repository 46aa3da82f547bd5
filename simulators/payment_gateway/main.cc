// payment_gateway_simulator: see README.md.
#include <sodium.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <thread>

#include "simulators/payment_gateway/config.h"
#include "simulators/payment_gateway/gateway.h"
#include "simulators/payment_gateway/http/server.h"

namespace perennial::gateway_simulator {
namespace {

int64_t SystemNow() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

int Fail(const std::string& message) {
  std::cerr << "payment_gateway_simulator: " << message << "\n";
  return 1;
}

// Blocked in every thread, so that one of them can wait for it.
sigset_t BlockStopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

int Main() {
  // A core dump could hold a card number of a request under way (R21).
  const rlimit no_core{.rlim_cur = 0, .rlim_max = 0};
  setrlimit(RLIMIT_CORE, &no_core);
  prctl(PR_SET_DUMPABLE, 0);
  if (sodium_init() < 0) return Fail("libsodium does not start");
  const absl::StatusOr<Config> config = ReadConfig([](const char* name) { return std::getenv(name); });
  if (!config.ok()) return Fail(std::string(config.status().message()));
  absl::StatusOr<std::unique_ptr<Gateway>> gateway = Gateway::Open(config->state_folder, SystemNow);
  if (!gateway.ok()) return Fail(std::string(gateway.status().message()));

  const sigset_t signals = BlockStopSignals();
  Server server(**gateway, config->api_key);
  const int port = server.Bind(config->host, config->port);
  if (port < 0) return Fail("cannot listen on " + config->host + ":" + std::to_string(config->port));
  std::cout << R"({"severity":"INFO","message":"listening","address":")" << config->host << ":" << port
            << "\"}\n"
            << std::flush;
  std::thread stopper([&] {
    int signal = 0;
    sigwait(&signals, &signal);
    server.Stop();
  });
  server.Run();
  stopper.join();
  return 0;
}

}  // namespace
}  // namespace perennial::gateway_simulator

int main() {
  return perennial::gateway_simulator::Main();
}
