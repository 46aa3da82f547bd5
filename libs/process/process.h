#pragma once

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "libs/base/clock.h"
#include "libs/base/environment.h"
#include "libs/base/uuid.h"
#include "libs/crypto/access_token.h"
#include "libs/crypto/keyed_hash.h"
#include "libs/crypto/page_token.h"
#include "libs/events/inbox.h"
#include "libs/events/outbox.h"
#include "libs/pg/database.h"
#include "libs/redis/client.h"
#include "libs/rpc/peer.h"
#include "libs/rpc/service.h"
#include "libs/rpc/tls.h"
#include "libs/telemetry/metrics.h"
#include "libs/work/jobs.h"

namespace perennial {

// The settings that every service has, from the environment. Defaults are for one machine.
struct ProcessConfig {
  std::string service;         // "account": also its schema, its stream and its name in logs
  std::string schema_version;  // newest migration this binary needs
  std::string grpc_listen;     // GRPC_LISTEN
  std::string metrics_listen;  // METRICS_LISTEN
  std::string health_listen;   // HEALTH_LISTEN: plain-text health for probes; empty: none
  std::string database_url;    // DATABASE_URL
  std::string redis_url;       // REDIS_URL
  rpc::Tls tls;                // TLS_CERT, TLS_KEY, TLS_CA: PEM files
  // SECRET_KEY: 32 bytes in hex; seals answers and quotes, hashes requests, signs page tokens.
  std::string secret_key;
  int workers = 0;         // WORKERS: threads for calls, and connections for them; jobs have their own
  int queue_limit = 0;     // QUEUE_LIMIT: calls that may wait for a worker
  bool test_time = false;  // TIME=system|test
  // ACCOUNT_TARGET: where signing keys are had. Not read by account itself.
  std::string account_target;
  // CLOCK_FOLLOWERS: targets, comma-separated; only with TIME=test, only at the leader.
  std::string clock_followers;
};

// Reads them; mistakes are collected in `environment`. `workers`: unless WORKERS says otherwise.
ProcessConfig ReadProcessConfig(Environment& environment, absl::string_view service, int port_digit,
                                absl::string_view schema_version, int workers = 8);

// One running service. A main reads its configuration, makes a Process, makes its own objects from the parts,
// adds services, jobs and consumers, and returns Run().
class Process {
 public:
  // Exits with one clear line if a port is taken or a setting cannot work. A database that is away is waited
  // for.
  explicit Process(ProcessConfig config);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  const Clock& clock() const;
  IdSource& ids();
  pg::Database& database();
  events::Outbox& outbox();
  telemetry::Metrics& metrics();
  const crypto::PageTokens& page_tokens() const;
  const std::string& secret_key() const;

  // A client of another service, under this service's certificate.
  std::unique_ptr<rpc::Peer> Connect(const std::string& target);

  // By default keys come from account at ACCOUNT_TARGET; account itself says where it has them.
  void SetKeySource(crypto::AccessTokenVerifier::FetchKeys fetch);

  void Serve(rpc::Service service);
  void AddJob(work::Job job);
  // Takes in those facts of another service that are of interest.
  void Consume(absl::string_view from_service, events::Inbox::Interest interest,
               events::Inbox::Handler handler);
  // Forgets what was answered to an account's requests: part of deleting it (R7). Call inside the inbox
  // handler. Facts about it go when their days are over, as at Redis: no index finds those of an account.
  absl::Status ForgetAccount(const Uuid& account_id);

  // Serves until SIGTERM or SIGINT, then drains. Returns the exit code.
  int Run();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace perennial
