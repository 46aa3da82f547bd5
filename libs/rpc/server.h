#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/base/request_log.h"
#include "libs/crypto/access_token.h"
#include "libs/rpc/service.h"
#include "libs/rpc/tls.h"
#include "libs/telemetry/metrics.h"
#include "libs/work/pool.h"

namespace perennial::rpc {

// Serves the methods of some services on one TLS port, with health and reflection.
class Server {
 public:
  struct Options {
    std::string listen;         // "127.0.0.1:7101"; port 0 picks one
    std::string health_listen;  // plain text, health only, for probes that cannot do TLS; empty: none
    Tls tls;
    std::string secret_key;  // crypto::kKeyBytes: request hashes, sealed answers
  };

  // All references must outlive the server.
  Server(Options options, work::Pool& pool, RequestLog& requests, crypto::AccessTokenVerifier& tokens,
         telemetry::Metrics& metrics);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void Add(Service service);
  // Opens the ports. Fails if one is taken or a certificate cannot be read. Health says NOT_SERVING.
  absl::Status Start();
  int port() const;
  // Health of "", "readiness" and every service. "liveness" is SERVING from Start to the end.
  void SetReady(bool ready);
  // Says NOT_SERVING, takes no new calls, and waits up to `grace` for those begun.
  void Stop(absl::Duration grace);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace perennial::rpc
