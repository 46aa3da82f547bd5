// The HTTP face of the gateway: one thread, all connections.
//
// Owns: sockets, the API key, headers, the access log (route, status and time; never a body, a query
// or a path as it was sent). Does not own: what a request does (gateway.h).
//
// It goes in rounds: what has arrived is executed, one request after the other; the disk is synced once for
// all of them; then they are answered. So many callers at once cost no more syncs than one.
#pragma once

#include <absl/strings/string_view.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "simulators/payment_gateway/gateway.h"
#include "simulators/payment_gateway/http/request.h"

namespace perennial::gateway_simulator {

class Server {
 public:
  Server(Gateway& gateway, std::string api_key);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds; port 0 chooses one. Returns the port, or -1.
  int Bind(const std::string& host, int port);

  // Serves until Stop, which may be called from another thread: what was executed is answered at once.
  void Run();
  void Stop();

 private:
  using Clock = std::chrono::steady_clock;
  struct Connection;
  // An executed request whose answer is not sent yet.
  struct Answer {
    uint64_t connection = 0;
    GatewayReply reply;
    std::string method;
    std::string key;
    bool keep_alive = true;
    Clock::time_point begun;
  };

  void Watch(int fd, uint64_t id, uint32_t events, bool is_new);
  void Accept();
  void Read(Connection& connection);
  // Executes the next request of the connection if it is all there and none is under way.
  void ServeNext(Connection& connection);
  void Execute(Connection& connection, const HttpRequest& request);
  GatewayReply Reply(const HttpRequest& request);
  bool Authorized(const HttpRequest& request) const;
  void EndRound();
  void Send(const Answer& answer);
  void Write(Connection& connection, absl::string_view text);
  void Finish(uint64_t id, bool keep_alive);
  void After(int64_t ms, std::function<void()> action);
  void RunTimers(bool all);
  int MsUntilTimer() const;
  void Close(uint64_t id);
  Connection* Find(uint64_t id);

  Gateway& gateway_;
  const std::string api_key_;
  int epoll_ = -1;
  int stop_ = -1;  // an eventfd
  int listener_ = -1;
  uint64_t next_id_;
  std::unordered_map<uint64_t, std::unique_ptr<Connection>> connections_;
  std::vector<Answer> round_;
  std::vector<Answer> ended_;  // the round that is being answered
  std::multimap<Clock::time_point, std::function<void()>> timers_;
};

}  // namespace perennial::gateway_simulator
