#pragma once

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/account/app/accounts.h"
#include "services/account/app/notices.h"
#include "services/account/app/sessions.h"
#include "services/account/storage/postgres_access_log.h"
#include "services/account/storage/postgres_account_store.h"
#include "services/account/storage/postgres_notice_store.h"
#include "services/account/storage/postgres_session_store.h"
#include "services/account/storage/postgres_sign_in_throttle.h"
#include "tests/support/fakes.h"
#include "tests/support/postgres_fixture.h"
#include "tests/support/status_matchers.h"

namespace perennial::account {

// Secrets that can be read, so that tests are quick and tokens can be followed.
class PlainSecrets final : public Secrets {
 public:
  std::string HashPassword(absl::string_view password) override { return absl::StrCat("hash of ", password); }
  bool VerifyPassword(const std::string& hash, absl::string_view password) override {
    ++verifications;
    if (hash.empty()) ++verifications_of_nobody;
    return hash == absl::StrCat("hash of ", password);
  }
  std::string NewRefreshToken() override { return absl::StrCat("token ", ++tokens_); }
  std::string DigestToken(absl::string_view token) override { return absl::StrCat("digest of ", token); }
  std::string SealToken(const Uuid&, absl::string_view token) override { return std::string(token); }
  std::optional<std::string> OpenToken(const Uuid&, const std::string& sealed) override { return sealed; }
  std::string SignAccessToken(const core::Session& session, core::Language language, absl::Time,
                              absl::Time) override {
    return absl::StrCat(core::CodeOf(language), "/", session.id.ToString());
  }
  std::string ThrottleKey(absl::string_view email_key) override { return absl::StrCat("key of ", email_key); }

  std::atomic<int> verifications = 0;
  std::atomic<int> verifications_of_nobody = 0;

 private:
  std::atomic<int> tokens_ = 0;
};

class NoTally final : public Tally {
 public:
  void CountAct(core::AccessAct, core::AccessOutcome) override {}
  void CountNotice(core::NoticeKind) override {}
};

// The use cases over a real Postgres.
struct AccountFixture {
  perennial::testing::PostgresFixture postgres{"account", 16};
  perennial::testing::FakeClock clock;
  TimedIdSource ids;
  PlainSecrets secrets;
  NoTally tally;
  PostgresAccountStore account_store{postgres.database(), postgres.outbox()};
  PostgresSessionStore session_store{postgres.database()};
  PostgresAccessLog access_log{postgres.database()};
  PostgresSignInThrottle throttle{postgres.database()};
  PostgresNoticeStore notice_store{postgres.database()};
  Credentials credentials{account_store, throttle, access_log, secrets, tally, clock, ids, 100};
  Accounts accounts{account_store, session_store, access_log, credentials, secrets, tally, clock, ids};
  Sessions sessions{account_store, session_store, access_log, credentials, secrets, tally, clock, ids};
  Notices notices{account_store, notice_store, tally, clock, ids};
  const core::Origin origin{"192.0.2.1", "a test"};

  static core::EmailAddress Email(const std::string& text) { return *core::ParseEmailAddress(text); }

  // What libs/rpc does around a commit.
  template <typename Body>
  auto Commit(Body body) -> decltype(body()) {
    decltype(body()) result = absl::InternalError("not run");
    absl::Status status = postgres.database().Transact([&]() -> absl::Status {
      result = body();
      return perennial::testing::StatusOf(result);
    });
    if (!status.ok()) return status;
    return result;
  }

  absl::StatusOr<core::Account> Register(const std::string& email = "zoe@example.com",
                                         const std::string& password = "correct horse battery") {
    const Accounts::Registration registration{
        Email(email), password, core::Language::kFrench, "Europe/Paris", "Zoé", origin, ids.Next()};
    auto hash = accounts.PrepareCreate(registration);
    if (!hash.ok()) return hash.status();
    return Commit([&] { return accounts.Create(registration, *hash); });
  }

  absl::StatusOr<SessionTokens> SignIn(const std::string& email = "zoe@example.com",
                                       const std::string& password = "correct horse battery") {
    return SignInFrom(origin, email, password);
  }
  absl::StatusOr<SessionTokens> SignInFrom(const core::Origin& place,
                                           const std::string& email = "zoe@example.com",
                                           const std::string& password = "correct horse battery") {
    auto verified = sessions.PrepareSignIn(Email(email), password, place);
    if (!verified.ok()) return verified.status();
    return Commit([&] { return sessions.SignIn(*verified, place, ids.Next()); });
  }

  absl::StatusOr<SessionTokens> Refresh(const std::string& token) {
    if (auto status = sessions.PrepareRefresh(token, origin); !status.ok()) return status;
    return Commit([&] { return sessions.Refresh(token, ids.Next()); });
  }

  Actor ActorOf(const SessionTokens& tokens) const {
    return {tokens.session.account_id, tokens.session.id, origin};
  }

  absl::Status ChangePassword(const Actor& actor, const std::string& current, const std::string& next) {
    const auto verified = accounts.PrepareChangePassword(actor, actor.account_id, current, next);
    if (!verified.ok()) return verified.status();
    return Commit([&] { return accounts.ChangePassword(actor, *verified); }).status();
  }

  absl::Status Delete(const Actor& actor, const std::string& password = "correct horse battery") {
    const auto verified = accounts.PrepareDelete(actor, actor.account_id, password);
    if (!verified.ok()) return verified.status();
    return Commit([&] { return accounts.Delete(actor, *verified); });
  }

  // "sign_in done, sign_up done": sorted, because the clock may have stood still.
  std::string LogOf(const Uuid& account_id) {
    std::vector<std::string> log;
    const auto entries = access_log.List(account_id, {1000, std::nullopt});  // outlives its reading
    REQUIRE_OK(entries);
    for (const auto& entry : entries->items)
      log.push_back(absl::StrCat(core::NameOf(entry.act), " ", core::NameOf(entry.outcome)));
    std::sort(log.begin(), log.end());
    return absl::StrJoin(log, ", ");
  }

  int64_t Count(const std::string& sql) {
    const auto rows = postgres.database().Query(sql);
    REQUIRE_OK(rows);
    return (*rows)[0].Get<int64_t>("count");
  }
};

// Runs `body` on so many threads at once.
template <typename Body>
void InParallel(int threads, Body body) {
  std::atomic<int> waiting = threads;
  std::vector<std::thread> running;
  running.reserve(threads);
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&, i] {
      --waiting;
      while (waiting > 0) std::this_thread::yield();
      body(i);
    });
  }
  for (std::thread& thread : running) thread.join();
}

}  // namespace perennial::account
