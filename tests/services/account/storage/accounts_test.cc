#include "services/account/app/accounts.h"

#include <catch2/catch.hpp>

#include "tests/services/account/storage/account_fixture.h"

namespace perennial::account {
namespace {

constexpr char kPassword[] = "correct horse battery";

TEST_CASE("of eight registrations of one address at once, one wins (R1)") {
  AccountFixture world;
  std::atomic<int> won = 0;
  std::atomic<int> taken = 0;
  InParallel(8, [&](int i) {
    const auto account = world.Register(i % 2 == 0 ? "zoe@example.com" : "ZOE@Example.com");
    if (account.ok()) ++won;
    if (ReasonOf(account.status()) == "EMAIL_TAKEN") ++taken;
  });
  CHECK(won == 1);
  CHECK(taken == 7);
  CHECK(world.Count("SELECT count(*) AS count FROM account") == 1);
  CHECK(world.Count("SELECT count(*) AS count FROM outbox WHERE type = 'account.created'") == 1);
}

TEST_CASE("a weak password registers nobody") {
  AccountFixture world;
  CHECK_REFUSED(world.Register("zoe@example.com", "password1"), "PASSWORD_TOO_WEAK");
  CHECK_REFUSED(world.Register("zoe@example.com", "Zoe@example.com"), "PASSWORD_TOO_WEAK");
  CHECK(world.Count("SELECT count(*) AS count FROM account") == 0);
}

TEST_CASE("settings change with the etag that was read, and tell the other services (R6)") {
  AccountFixture world;
  const auto account = world.Register();
  REQUIRE_OK(account);
  const Actor zoe = world.ActorOf(*world.SignIn());
  Accounts::Settings settings{core::EtagOf(*account), std::nullopt, core::Language::kEnglish, std::nullopt};
  const auto updated = world.Commit([&] { return world.accounts.Update(zoe, zoe.account_id, settings); });
  REQUIRE_OK(updated);
  CHECK(updated->language == core::Language::kEnglish);
  CHECK(updated->time_zone == "Europe/Paris");
  CHECK(core::EtagOf(*updated) != core::EtagOf(*account));
  CHECK_REFUSED(world.Commit([&] { return world.accounts.Update(zoe, zoe.account_id, settings); }),
                "ETAG_MISMATCH");
  CHECK(world.Count("SELECT count(*) AS count FROM outbox WHERE type = 'account.updated' AND "
                    "attributes->>'language' = 'en' AND attributes->>'time_zone' = 'Europe/Paris'") == 1);
}

TEST_CASE("of updates at once with one etag, one wins") {
  AccountFixture world;
  const auto account = world.Register();
  const Actor zoe = world.ActorOf(*world.SignIn());
  std::atomic<int> won = 0;
  InParallel(6, [&](int i) {
    const Accounts::Settings settings{core::EtagOf(*account), absl::StrCat("Zoé ", i), std::nullopt,
                                      std::nullopt};
    if (world.Commit([&] { return world.accounts.Update(zoe, zoe.account_id, settings); }).ok()) ++won;
  });
  CHECK(won == 1);
}

TEST_CASE("a changed password ends all other sessions, and the old one is no longer good (R2)") {
  AccountFixture world;
  REQUIRE_OK(world.Register());
  const auto mine = world.SignIn();
  const auto other = world.SignIn();
  const Actor me = world.ActorOf(*mine);
  CHECK_REFUSED(world.ChangePassword(me, "wrong password", "another good one"), "CREDENTIALS_INVALID");
  CHECK_REFUSED(world.ChangePassword(me, kPassword, "short"), "PASSWORD_TOO_WEAK");
  REQUIRE_OK(world.ChangePassword(me, kPassword, "another good one"));
  CHECK(world.accounts.Get(me, me.account_id).ok());
  CHECK_REFUSED(world.accounts.Get(world.ActorOf(*other), me.account_id), "SESSION_ENDED");
  CHECK_REFUSED(world.Refresh(other->refresh_token), "SESSION_ENDED");
  CHECK_REFUSED(world.SignIn(), "CREDENTIALS_INVALID");
  CHECK(world.SignIn("zoe@example.com", "another good one").ok());
}

TEST_CASE("what was verified under the old password does not count after its change") {
  AccountFixture world;
  REQUIRE_OK(world.Register());
  const Actor me = world.ActorOf(*world.SignIn());
  const auto change = world.accounts.PrepareChangePassword(me, me.account_id, kPassword, "second good one");
  const auto deletion = world.accounts.PrepareDelete(me, me.account_id, kPassword);
  const auto sign_in = world.sessions.PrepareSignIn(world.Email("zoe@example.com"), kPassword, world.origin);
  REQUIRE_OK(world.ChangePassword(me, kPassword, "first good one"));
  CHECK_REFUSED(world.Commit([&] { return world.accounts.ChangePassword(me, *change); }),
                "CREDENTIALS_INVALID");
  CHECK_REFUSED(world.Commit([&] { return world.accounts.Delete(me, *deletion); }), "CREDENTIALS_INVALID");
  CHECK_REFUSED(world.Commit([&] { return world.sessions.SignIn(*sign_in, world.origin, world.ids.Next()); }),
                "CREDENTIALS_INVALID");
}

TEST_CASE("a deleted account leaves a tombstone without anything personal, and one event (R7)") {
  AccountFixture world;
  const auto account = world.Register();
  REQUIRE_OK(account);
  const Actor me = world.ActorOf(*world.SignIn());
  CHECK_REFUSED(world.Delete(me, "wrong password"), "CREDENTIALS_INVALID");
  CHECK(world.LogOf(me.account_id) == "account_deletion refused, sign_in done, sign_up done");
  Event expired{world.ids.Next(), "product.expired", me.account_id, "", world.clock.Now(), {}};
  REQUIRE_OK(world.Commit([&] { return world.notices.Take({expired}); }));
  REQUIRE_OK(world.Delete(me));

  for (const char* table :
       {"session", "refresh_token", "session_request", "access_log", "notice", "sign_in_throttle"}) {
    INFO(table);
    CHECK(world.Count(absl::StrCat("SELECT count(*) AS count FROM ", table)) == 0);
  }
  CHECK(world.Count(
            "SELECT count(*) AS count FROM account WHERE email IS NULL AND email_key IS NULL AND "
            "password_hash IS NULL AND display_name = '' AND language = 'en' AND time_zone = 'UTC'") == 1);
  CHECK(world.Count(
            "SELECT count(*) AS count FROM outbox WHERE type = 'account.deleted' AND attributes = '{}'") ==
        1);
  CHECK(world.accounts.FindAll({me.account_id})->front().deleted);
  // Its access token still verifies elsewhere, but not here.
  CHECK_REFUSED(world.accounts.Get(me, me.account_id), "SESSION_ENDED");
  CHECK_REFUSED(world.Delete(me), "SESSION_ENDED");
  CHECK_REFUSED(world.SignIn(), "CREDENTIALS_INVALID");
  CHECK(world.Register().ok());  // the address is free again
}

TEST_CASE("answers that were kept for an account's requests go with it (R7)") {
  AccountFixture world;
  REQUIRE_OK(world.Register());
  const auto tokens = world.SignIn();
  REQUIRE_OK(world.Refresh(tokens->refresh_token));
  REQUIRE_OK(world.Register("other@example.com"));
  const auto remember = [&](const std::string& select) {
    REQUIRE_OK(world.postgres.database().Query(
        "INSERT INTO request_log (scope, request_id, method, request_hash, response, created_at) " + select));
  };
  remember("SELECT 'public', request_id, 'm', '', '', now() FROM account");
  remember("SELECT 'public', request_id, 'm', '', '', now() FROM session_request");
  remember("SELECT 'account/' || id, id, 'm', '', '', now() FROM account");
  REQUIRE(world.Count("SELECT count(*) AS count FROM request_log") == 6);
  REQUIRE_OK(world.Delete(world.ActorOf(*tokens)));
  // The other account's sign-up and request.
  CHECK(world.Count("SELECT count(*) AS count FROM request_log") == 2);
}

TEST_CASE("calls that are under way while the account is deleted leave nothing behind (R7)") {
  for (int round = 0; round < 5; ++round) {
    AccountFixture world;
    REQUIRE_OK(world.Register());
    const auto tokens = world.SignIn();
    const auto other = world.SignIn();
    const Actor me = world.ActorOf(*tokens);
    const auto deletion = world.accounts.PrepareDelete(me, me.account_id, kPassword);
    InParallel(7, [&](int i) {
      const Event event{world.ids.Next(), "product.expired", me.account_id, "", world.clock.Now(), {}};
      switch (i) {
        case 0:
          world.Commit([&] { return world.accounts.Delete(me, *deletion); }).IgnoreError();
          return;
        case 1:
          world.SignIn().status().IgnoreError();
          return;
        case 2:
          world.SignIn("zoe@example.com", "wrong").status().IgnoreError();
          return;
        case 3:
          world.Refresh(tokens->refresh_token).status().IgnoreError();
          return;
        case 4:
          world.Commit([&] { return world.notices.Take({event}); }).IgnoreError();
          return;
        case 5:
          world.Commit([&] { return world.sessions.End(me, me.account_id, other->session.id); })
              .IgnoreError();
          return;
        default:
          world.Commit([&] {
                 return world.accounts.Update(me, me.account_id, {"", "Z", {}, {}});
               })
              .status()
              .IgnoreError();
      }
    });
    for (const char* table : {"session", "refresh_token", "session_request", "access_log", "notice"}) {
      INFO(table);
      CHECK(world.Count(absl::StrCat("SELECT count(*) AS count FROM ", table)) == 0);
    }
    CHECK(world.Count(
              "SELECT count(*) AS count FROM account WHERE deleted_at IS NOT NULL AND display_name = ''") ==
          1);
  }
}

TEST_CASE("what is somebody else's is as if it did not exist (R33)") {
  AccountFixture world;
  const auto zoe = world.Register();
  const auto max = world.Register("max@example.com");
  const Actor actor = world.ActorOf(*world.SignIn());
  CHECK(world.accounts.Get(actor, zoe->id).ok());
  CHECK_REFUSED(world.accounts.Get(actor, max->id), "ACCOUNT_NOT_FOUND");
  CHECK_REFUSED(world.accounts.Get(actor, world.ids.Next()), "ACCOUNT_NOT_FOUND");
  CHECK_REFUSED(world.accounts.ListAccessLog(actor, max->id, {}), "ACCOUNT_NOT_FOUND");
  CHECK_REFUSED(world.sessions.List(actor, max->id, {}), "ACCOUNT_NOT_FOUND");
  CHECK_REFUSED(world.accounts.PrepareDelete(actor, max->id, kPassword), "ACCOUNT_NOT_FOUND");
  CHECK_REFUSED(world.accounts.PrepareChangePassword(actor, max->id, kPassword, "another good one"),
                "ACCOUNT_NOT_FOUND");
  CHECK_REFUSED(world.Commit([&] { return world.accounts.Update(actor, max->id, {}); }), "ACCOUNT_NOT_FOUND");
}

TEST_CASE("the directory answers in the order asked for and leaves out what never was") {
  AccountFixture world;
  const Uuid zoe = world.Register()->id;
  const Uuid max = world.Register("max@example.com")->id;
  const auto found = world.accounts.FindAll({max, world.ids.Next(), zoe, max});
  REQUIRE_OK(found);
  REQUIRE(found->size() == 3);
  CHECK((*found)[0].id == max);
  CHECK((*found)[1].id == zoe);
  CHECK((*found)[2].id == max);
}

}  // namespace
}  // namespace perennial::account
