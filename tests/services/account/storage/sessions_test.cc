#include "services/account/app/sessions.h"

#include <catch2/catch.hpp>
#include <mutex>
#include <set>
#include <thread>

#include "absl/strings/match.h"
#include "tests/services/account/storage/account_fixture.h"

namespace perennial::account {
namespace {

TEST_CASE("refreshes of one token at once end up with one family, not a fork") {
  AccountFixture world;
  REQUIRE_OK(world.Register());
  const auto tokens = world.SignIn();
  std::mutex mutex;
  std::set<std::string> given;
  InParallel(4, [&](int) {
    const auto refreshed = world.Refresh(tokens->refresh_token);
    const std::lock_guard lock(mutex);
    given.insert(refreshed.ok() ? refreshed->refresh_token : std::string(refreshed.status().message()));
  });
  REQUIRE(given.size() == 1);
  CHECK(world.Count("SELECT count(*) AS count FROM refresh_token") == 2);
  CHECK(world.Refresh(*given.begin()).ok());
}

TEST_CASE(
    "a refresh waits for another of the same token that is not committed yet, and repeats its outcome") {
  AccountFixture world;
  REQUIRE_OK(world.Register());
  const auto tokens = world.SignIn();
  std::string second;
  std::atomic<bool> over = false;
  std::thread later;
  const auto first = world.Commit([&] {
    auto refreshed = world.sessions.Refresh(tokens->refresh_token, world.ids.Next());
    later = std::thread([&] {
      second = world.Refresh(tokens->refresh_token).value_or(SessionTokens{}).refresh_token;
      over = true;
    });
    while (!over && world.Count("SELECT count(*) AS count FROM pg_locks WHERE NOT granted") == 0)
      std::this_thread::yield();
    return refreshed;
  });
  later.join();
  REQUIRE_OK(first);
  CHECK(second == first->refresh_token);
}

TEST_CASE("a used refresh token ends its session, but for the last one within 30 seconds") {
  AccountFixture world;
  REQUIRE_OK(world.Register());
  const auto first = world.SignIn();
  const auto second = world.Refresh(first->refresh_token);
  REQUIRE_OK(second);
  CHECK(second->refresh_token != first->refresh_token);
  CHECK(second->session.id == first->session.id);
  world.clock.Advance(absl::Seconds(30));
  const auto again = world.Refresh(first->refresh_token);
  REQUIRE_OK(again);
  CHECK(again->refresh_token == second->refresh_token);
  world.clock.Advance(absl::Seconds(1));
  CHECK_REFUSED(world.Refresh(first->refresh_token), "REFRESH_TOKEN_INVALID");
  CHECK_REFUSED(world.Refresh(second->refresh_token), "SESSION_ENDED");
  const Actor actor = world.ActorOf(*first);
  CHECK_REFUSED(world.accounts.Get(actor, actor.account_id), "SESSION_ENDED");
  CHECK(world.LogOf(actor.account_id) == "refresh_token_reuse refused, sign_in done, sign_up done");
}

TEST_CASE("a token before the last has no grace") {
  AccountFixture world;
  REQUIRE_OK(world.Register());
  const auto first = world.SignIn();
  const auto second = world.Refresh(first->refresh_token);
  REQUIRE_OK(world.Refresh(second->refresh_token));
  CHECK_REFUSED(world.Refresh(first->refresh_token), "REFRESH_TOKEN_INVALID");
  CHECK_REFUSED(world.Refresh(second->refresh_token), "SESSION_ENDED");
}

TEST_CASE("a token that was never given out is refused and ends nothing") {
  AccountFixture world;
  REQUIRE_OK(world.Register());
  const auto tokens = world.SignIn();
  CHECK_REFUSED(world.Refresh("made up"), "REFRESH_TOKEN_INVALID");
  CHECK(world.Refresh(tokens->refresh_token).ok());
}

TEST_CASE("a session lives 30 days without a refresh") {
  AccountFixture world;
  REQUIRE_OK(world.Register());
  const auto tokens = world.SignIn();
  world.clock.Advance(absl::Hours(24 * 29));
  const auto refreshed = world.Refresh(tokens->refresh_token);
  REQUIRE_OK(refreshed);
  world.clock.Advance(absl::Hours(24 * 30));
  CHECK_REFUSED(world.Refresh(refreshed->refresh_token), "SESSION_ENDED");
  const Actor actor = world.ActorOf(*tokens);
  CHECK_REFUSED(world.accounts.Get(actor, actor.account_id), "SESSION_ENDED");
}

TEST_CASE("tokens say the account's language, from the next refresh on a changed one (R6)") {
  AccountFixture world;
  REQUIRE_OK(world.Register());
  const auto tokens = world.SignIn();
  CHECK(absl::StartsWith(tokens->access_token, "fr/"));
  const Actor me = world.ActorOf(*tokens);
  Accounts::Settings settings;
  settings.language = core::Language::kEnglish;
  REQUIRE_OK(world.Commit([&] { return world.accounts.Update(me, me.account_id, settings); }));
  const auto rotated = world.Refresh(tokens->refresh_token);
  REQUIRE_OK(rotated);
  CHECK(absl::StartsWith(rotated->access_token, "en/"));
  const auto repeated = world.Refresh(tokens->refresh_token);
  REQUIRE_OK(repeated);
  CHECK(absl::StartsWith(repeated->access_token, "en/"));
}

TEST_CASE("sessions can be seen, and ended one by one or all but one's own (R1)") {
  AccountFixture world;
  REQUIRE_OK(world.Register());
  std::vector<SessionTokens> all;
  for (int i = 0; i < 4; ++i) {
    world.clock.Advance(absl::Seconds(1));
    all.push_back(*world.SignIn());
  }
  const Actor me = world.ActorOf(all[0]);
  const auto listed = world.sessions.List(me, me.account_id, {});
  REQUIRE_OK(listed);
  REQUIRE(listed->items.size() == 4);
  CHECK(listed->items[0].id == all[3].session.id);  // last used first
  REQUIRE_OK(world.Commit([&] { return world.sessions.End(me, me.account_id, all[1].session.id); }));
  CHECK_REFUSED(world.Commit([&] { return world.sessions.End(me, me.account_id, all[1].session.id); }),
                "SESSION_NOT_FOUND");
  CHECK_REFUSED(world.Refresh(all[1].refresh_token), "SESSION_ENDED");
  CHECK(*world.Commit([&] { return world.sessions.EndOthers(me, me.account_id); }) == 2);
  CHECK(world.sessions.List(me, me.account_id, {})->items.size() == 1);
  REQUIRE_OK(world.Commit([&] { return world.sessions.End(me, me.account_id, me.session_id); }));
  CHECK_REFUSED(world.sessions.List(me, me.account_id, {}), "SESSION_ENDED");
  CHECK(world.Count("SELECT count(*) AS count FROM access_log WHERE act = 'sign_out'") == 1);
  CHECK(world.Count("SELECT count(*) AS count FROM access_log WHERE act = 'session_end'") == 2);
}

TEST_CASE("a session of somebody else cannot be ended (R33)") {
  AccountFixture world;
  REQUIRE_OK(world.Register());
  REQUIRE_OK(world.Register("max@example.com"));
  const Actor zoe = world.ActorOf(*world.SignIn());
  const Actor max = world.ActorOf(*world.SignIn("max@example.com"));
  CHECK_REFUSED(world.Commit([&] { return world.sessions.End(zoe, max.account_id, max.session_id); }),
                "SESSION_NOT_FOUND");
  CHECK_REFUSED(world.Commit([&] { return world.sessions.End(zoe, zoe.account_id, max.session_id); }),
                "SESSION_NOT_FOUND");
  CHECK(world.accounts.Get(max, max.account_id).ok());
}

TEST_CASE("what has been over for long is dropped, the living stays") {
  AccountFixture world;
  REQUIRE_OK(world.Register());
  const auto ended = world.SignIn();
  const auto living = world.SignIn();
  const Actor me = world.ActorOf(*living);
  REQUIRE_OK(world.Commit([&] { return world.sessions.End(me, me.account_id, ended->session.id); }));
  CHECK(*world.session_store.Purge(world.clock.Now() + absl::Hours(24)) == 0);
  CHECK(*world.session_store.Purge(world.clock.Now() + absl::Hours(24 * 8)) == 2);  // a session, a request
  CHECK(*world.session_store.Purge(world.clock.Now() + absl::Hours(24 * 8)) == 0);
  CHECK(world.accounts.Get(me, me.account_id).ok());
  CHECK(world.Refresh(living->refresh_token).ok());
}

}  // namespace
}  // namespace perennial::account
