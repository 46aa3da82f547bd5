#include "libs/process/process.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "libs/base/call_scope.h"
#include "libs/base/kill_point.h"
#include "libs/base/status_macros.h"
#include "libs/pg/request_log.h"
#include "libs/process/signing_keys.h"
#include "libs/process/test_clock.h"
#include "libs/rpc/server.h"
#include "libs/telemetry/log.h"
#include "libs/work/pool.h"

namespace perennial {
namespace {

using telemetry::Severity;

constexpr absl::Duration kReadinessPause = absl::Seconds(1);
constexpr absl::Duration kDrainGrace = absl::Seconds(25);
// One for each job, so that calls never wait for jobs; opened only when so many are at work at once.
constexpr int kConnectionsForJobs = 28;

[[noreturn]] void Exit(const std::string& service, absl::string_view why) {
  std::fprintf(stderr, "perennial-%s: %s\n", service.c_str(), std::string(why).c_str());
  std::_Exit(1);
}

sigset_t EndSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

// Threads inherit the mask, so this comes before the first one; Run waits for the signals. A core dump could
// hold a card number (R21), so there is none: a collector at the end of a pipe heeds no limit, hence also
// "not dumpable".
void PrepareSignals() {
  const sigset_t signals = EndSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  const rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace

ProcessConfig ReadProcessConfig(Environment& environment, absl::string_view service, int port_digit,
                                absl::string_view schema_version, int workers) {
  ProcessConfig config;
  config.service = std::string(service);
  config.schema_version = std::string(schema_version);
  config.grpc_listen = environment.Optional("GRPC_LISTEN", absl::StrCat("127.0.0.1:710", port_digit));
  config.metrics_listen = environment.Optional("METRICS_LISTEN", absl::StrCat("127.0.0.1:910", port_digit));
  config.health_listen = environment.Optional("HEALTH_LISTEN", "");
  config.database_url =
      environment.Required("DATABASE_URL", "postgres://ROLE:PASSWORD@HOST:PORT/DATABASE of this service");
  config.redis_url = environment.Optional("REDIS_URL", "redis://127.0.0.1:7179");
  config.tls.certificate_chain = environment.RequiredFile("TLS_CERT", "PEM certificate of this service");
  config.tls.private_key = environment.RequiredFile("TLS_KEY", "PEM private key of this service");
  config.tls.authority =
      environment.RequiredFile("TLS_CA", "PEM certificate of the authority all services share");
  config.secret_key =
      environment.RequiredSecret("SECRET_KEY", crypto::kKeyBytes, "this service's own random key");
  config.workers = static_cast<int>(environment.Integer("WORKERS", workers, 1, 256));
  config.queue_limit = static_cast<int>(environment.Integer("QUEUE_LIMIT", 256, 1, 100'000));
  const std::string time = environment.Optional("TIME", "system");
  config.test_time = time == "test";
  const absl::Status armed = ArmKillPoint(config.test_time ? environment.Optional("KILL_AT", "") : "");
  environment.Expect(armed.ok(), absl::StrCat("KILL_AT ", armed.message()));
  environment.Expect(time == "test" || time == "system", "TIME must be system or test");
  if (service != "account") config.account_target = environment.Optional("ACCOUNT_TARGET", "127.0.0.1:7101");
  config.clock_followers = environment.Optional("CLOCK_FOLLOWERS", "");
  return config;
}

struct Process::State {
  ProcessConfig config;
  telemetry::Metrics metrics;
  OffsetClock clock;  // without TIME=test the offset stays 0
  TimedIdSource ids;
  std::unique_ptr<pg::Database> database;
  std::unique_ptr<redis::Client> redis;
  std::unique_ptr<events::Outbox> outbox;
  std::unique_ptr<events::Relay> relay;
  std::unique_ptr<pg::PostgresRequestLog> requests;
  std::unique_ptr<crypto::PageTokens> page_tokens;
  std::unique_ptr<rpc::Peer> account;
  crypto::AccessTokenVerifier::FetchKeys fetch_keys;
  std::vector<std::unique_ptr<events::Inbox>> inboxes;
  std::vector<work::Job> jobs;
  std::vector<rpc::Service> services;

  void AddStandingJobs();
  absl::Status Ready();
  void ServeUntilSignal(rpc::Server& server);
};

Process::Process(ProcessConfig config) : state_(std::make_unique<State>()) {
  PrepareSignals();
  // Debian's Abseil looks for lock cycles at each lock that gRPC takes.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  telemetry::SetLogService(config.service);
  State& state = *state_;
  state.config = std::move(config);
  auto redis = redis::Client::ForUrl(state.config.redis_url);
  if (!redis.ok()) Exit(state.config.service, absl::StrCat("REDIS_URL: ", redis.status().message()));
  state.redis = *std::move(redis);
  state.database = std::make_unique<pg::Database>(state.config.database_url,
                                                  state.config.workers + kConnectionsForJobs, state.metrics);
  state.outbox = std::make_unique<events::Outbox>(*state.database);
  state.relay = std::make_unique<events::Relay>(state.config.service, *state.database, *state.redis,
                                                state.clock, state.metrics);
  state.requests = std::make_unique<pg::PostgresRequestLog>(*state.database, state.clock);
  state.page_tokens = std::make_unique<crypto::PageTokens>(state.config.secret_key);
  if (!state.config.account_target.empty()) {
    state.account = Connect(state.config.account_target);
    state.fetch_keys = KeysFromAccount(*state.account);
  }
  state.AddStandingJobs();
}

Process::~Process() = default;

const Clock& Process::clock() const {
  return state_->clock;
}
IdSource& Process::ids() {
  return state_->ids;
}
pg::Database& Process::database() {
  return *state_->database;
}
events::Outbox& Process::outbox() {
  return *state_->outbox;
}
telemetry::Metrics& Process::metrics() {
  return state_->metrics;
}
const crypto::PageTokens& Process::page_tokens() const {
  return *state_->page_tokens;
}
const std::string& Process::secret_key() const {
  return state_->config.secret_key;
}

std::unique_ptr<rpc::Peer> Process::Connect(const std::string& target) {
  return std::make_unique<rpc::Peer>(target, state_->config.tls);
}

void Process::SetKeySource(crypto::AccessTokenVerifier::FetchKeys fetch) {
  state_->fetch_keys = std::move(fetch);
}

void Process::Serve(rpc::Service service) {
  state_->services.push_back(std::move(service));
}

void Process::AddJob(work::Job job) {
  state_->jobs.push_back(std::move(job));
}

void Process::Consume(absl::string_view from_service, events::Inbox::Interest interest,
                      events::Inbox::Handler handler) {
  state_->inboxes.push_back(std::make_unique<events::Inbox>(from_service, *state_->database, *state_->redis,
                                                            state_->clock, std::move(interest),
                                                            std::move(handler)));
  AddJob({absl::StrCat("events_from_", from_service), absl::Milliseconds(200),
          [&inbox = *state_->inboxes.back()] { return inbox.RunOnce(); }});
}

absl::Status Process::ForgetAccount(const Uuid& account_id) {
  const std::string scope = absl::StrCat("account/", account_id.ToString());
  return state_->database->Query("DELETE FROM request_log WHERE scope = $1", scope).status();
}

void Process::State::AddStandingJobs() {
  jobs.push_back({"relay_events", absl::Milliseconds(100), [this] { return relay->RunOnce(); }});
  jobs.push_back({"purge_events", absl::Minutes(1), [this] { return relay->Purge(); }});
  jobs.push_back({"purge_requests", absl::Minutes(1), [this] { return requests->Purge(); }});
}

absl::Status Process::State::Ready() {
  const CallScope scope(absl::Now() + absl::Seconds(2), ContinueTrace(""));
  return database->CheckReady(config.schema_version);
}

void Process::State::ServeUntilSignal(rpc::Server& server) {
  const sigset_t signals = EndSignals();
  const timespec pause = absl::ToTimespec(kReadinessPause);
  auto& ready_gauge = metrics.GaugeOf("perennial_ready", "1 while the service can do its work, else 0.");
  bool was_ready = false;
  bool first = true;
  do {
    const absl::Status status = Ready();
    ready_gauge.Set(status.ok() ? 1 : 0);
    if (first || status.ok() != was_ready) {
      server.SetReady(status.ok());
      telemetry::Log(status.ok() ? Severity::kInfo : Severity::kWarning, status.ok() ? "ready" : "not ready",
                     {{"why", std::string(status.message())}, {"port", int64_t{server.port()}}});
    }
    was_ready = status.ok();
    first = false;
  } while (sigtimedwait(&signals, nullptr, &pause) < 0);
}

int Process::Run() {
  State& state = *state_;
  const ProcessConfig& config = state.config;
  if (!state.metrics.Expose(config.metrics_listen))
    Exit(config.service, absl::StrCat("METRICS_LISTEN: cannot listen on ", config.metrics_listen));
  work::Pool pool(config.workers, config.queue_limit, state.metrics);
  if (state.jobs.size() > kConnectionsForJobs) Exit(config.service, "more jobs than connections for them");
  work::Jobs jobs(state.jobs, state.metrics);
  std::vector<std::unique_ptr<rpc::Peer>> followers;
  for (const absl::string_view target : absl::StrSplit(config.clock_followers, ',', absl::SkipEmpty())) {
    followers.push_back(Connect(std::string(target)));
  }
  // By the name that others' processes have it under. It tells of a process that died and came back.
  state.metrics.GaugeOf("process_start_time_seconds", "When the process started.")
      .Set(absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch()));
  const auto certificate_end = rpc::CertificateEnd(config.tls.certificate_chain);
  if (!certificate_end.ok())
    Exit(config.service, absl::StrCat("TLS_CERT: ", certificate_end.status().message()));
  state.metrics
      .GaugeOf("perennial_tls_certificate_not_after_timestamp_seconds",
               "When the certificate that this process serves with ends. It is read at start only.")
      .Set(absl::ToDoubleSeconds(*certificate_end - absl::UnixEpoch()));
  TestClock test_clock(state.clock, *state.redis, jobs, std::move(followers));
  crypto::AccessTokenVerifier tokens(state.fetch_keys, state.clock);
  rpc::Server server({config.grpc_listen, config.health_listen, config.tls, config.secret_key}, pool,
                     *state.requests, tokens, state.metrics);
  for (rpc::Service& service : state.services) server.Add(std::move(service));
  if (config.test_time) {
    if (const absl::Status status = test_clock.Resume(); !status.ok())
      Exit(config.service, absl::StrCat("TIME=test needs Redis: ", status.message()));
    server.Add(test_clock.Service());
  }
  if (const absl::Status status = server.Start(); !status.ok()) Exit(config.service, status.message());
  jobs.Start();
  state.ServeUntilSignal(server);
  telemetry::Log(Severity::kInfo, "stopping");
  jobs.RequestStop();  // what it would begin now, another replica can do
  server.Stop(kDrainGrace);
  jobs.Stop();
  telemetry::Log(Severity::kInfo, "stopped");
  return 0;
}

}  // namespace perennial
