#pragma once

#include <string>
#include <thread>

namespace perennial::payment_token {

// The gateway simulator as a process of its own, on a free port and a state folder of its own; gone at the
// end.
class SimulatorProcess {
 public:
  SimulatorProcess();
  ~SimulatorProcess();
  SimulatorProcess(const SimulatorProcess&) = delete;
  SimulatorProcess& operator=(const SimulatorProcess&) = delete;

  // At once, without a goodbye; Start brings it back with the same books on the same port.
  void Kill();
  void Start();

  std::string url() const;
  static constexpr char kApiKey[] = "sk_test_simulator";

  // JSON to and from /_control/<what>.
  std::string Control(const std::string& method, const std::string& what, const std::string& body = "");

 private:
  std::string folder_;
  int port_ = 0;
  int pid_ = -1;
  std::thread log_reader_;  // or the simulator would stop on a full pipe
};

}  // namespace perennial::payment_token
