// The HTTP face of the gateway.
//
// Owns: sockets, the API key, headers, the access log (route, status and time; never a body, a query
// or a path as it was sent). Does not own: what a request does (gateway.h).
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "simulators/payment_gateway/gateway.h"

namespace httplib {
struct Request;
struct Response;
}  // namespace httplib

namespace perennial::gateway_simulator {

class Server {
 public:
  Server(Gateway& gateway, std::string api_key);
  ~Server();

  // Binds; port 0 chooses one. Returns the port, or -1.
  int Bind(const std::string& host, int port);

  // Serves until Stop, which may be called from another thread.
  void Run();
  void Stop();

 private:
  class Listener;

  void Handle(const httplib::Request& request, httplib::Response& response);
  GatewayReply Reply(const httplib::Request& request);
  bool Authorized(const httplib::Request& request) const;
  void Answered(const httplib::Request& request, const httplib::Response& response);
  void Wait(int64_t ms);

  Gateway& gateway_;
  const std::string api_key_;
  std::unique_ptr<Listener> listener_;

  std::mutex mutex_;
  std::condition_variable changed_;  // stopped_ or busy_
  bool stopped_ = false;
  using Address = std::pair<std::string, int>;  // of a peer: address, port
  std::set<Address> busy_;                      // whose answer is not written yet
  std::map<Address, int64_t> again_after_ms_;   // whose answer is to be written twice
};

}  // namespace perennial::gateway_simulator
