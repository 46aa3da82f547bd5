#include <algorithm>
#include <cstdio>

#include "libs/base/status_macros.h"
#include "services/account/app/accounts.h"
#include "services/account/app/notices.h"
#include "services/account/app/personal_data.h"
#include "services/account/app/sessions.h"
#include "services/account/config.h"
#include "services/account/rpc/account_handler.h"
#include "services/account/rpc/notice_handler.h"
#include "services/account/rpc/personal_data_handler.h"
#include "services/account/rpc/session_handler.h"
#include "services/account/rpc/signing_key_handler.h"
#include "services/account/storage/metrics_tally.h"
#include "services/account/storage/postgres_access_log.h"
#include "services/account/storage/postgres_account_store.h"
#include "services/account/storage/postgres_notice_store.h"
#include "services/account/storage/postgres_session_store.h"
#include "services/account/storage/postgres_sign_in_throttle.h"
#include "services/account/storage/sodium_secrets.h"

namespace {

using namespace perennial;
using namespace perennial::account;

std::vector<crypto::VerifyingKey> KeysOf(const SodiumSecrets& secrets, const Config& config) {
  std::vector<crypto::VerifyingKey> keys = {secrets.verifying_key()};
  for (const std::string& key : config.other_public_keys) keys.push_back(NamedKey(key));
  return keys;
}

int Run(const Config& config) {
  Process process(config.process);
  const Clock& clock = process.clock();
  IdSource& ids = process.ids();
  PostgresAccountStore account_store(process.database(), process.outbox());
  PostgresSessionStore session_store(process.database());
  PostgresAccessLog access_log(process.database());
  PostgresSignInThrottle throttle(process.database());
  PostgresNoticeStore notice_store(process.database());
  SodiumSecrets secrets(process.secret_key(), config.token_signing_seed);
  MetricsTally tally(process.metrics());

  // The other half of the workers is there for calls that are quick.
  const int most_passwords = std::max(1, config.process.workers / 2);
  Credentials credentials(account_store, throttle, access_log, secrets, tally, clock, ids, most_passwords);
  Accounts accounts(account_store, session_store, access_log, credentials, secrets, tally, clock, ids);
  Sessions sessions(account_store, session_store, access_log, credentials, secrets, tally, clock, ids);
  Notices notices(account_store, notice_store, tally, clock, ids);
  PersonalDataExport personal_data(account_store, session_store, notice_store, access_log, tally, clock, ids);

  const std::vector<crypto::VerifyingKey> keys = KeysOf(secrets, config);
  process.SetKeySource([keys]() -> absl::StatusOr<std::vector<crypto::VerifyingKey>> { return keys; });
  process.Serve(MakeAccountService(accounts, process.page_tokens()));
  process.Serve(MakeAccountDirectoryService(accounts));
  process.Serve(MakeSessionService(sessions, process.page_tokens()));
  process.Serve(MakeNoticeService(notices, process.page_tokens()));
  process.Serve(MakePersonalDataService(personal_data));
  process.Serve(MakeSigningKeyService(keys));
  process.Consume("subscription", core::IsToldOf,
                  [&notices](const std::vector<Event>& events) { return notices.Take(events); });
  // As in libs/process: a purge takes a batch, so it must come round often enough to keep up.
  const absl::Duration purge_pause = absl::Minutes(1);
  process.AddJob({"purge_sessions", purge_pause, [&] { return session_store.Purge(clock.Now()); }});
  process.AddJob({"purge_sign_in_throttle", purge_pause, [&] { return throttle.Purge(clock.Now()); }});
  process.AddJob({"purge_access_log", purge_pause, [&] { return access_log.Purge(clock.Now()); }});
  return process.Run();
}

}  // namespace

int main() {
  Environment environment;
  const Config config = ReadConfig(environment);
  if (const absl::Status mistakes = environment.Check(); !mistakes.ok()) {
    std::fprintf(stderr, "perennial-account: %s\n", std::string(mistakes.message()).c_str());
    return 2;
  }
  return Run(config);
}
