#include "services/account/app/credentials.h"

#include <catch2/catch.hpp>

#include "tests/services/account/storage/account_fixture.h"

namespace perennial::account {
namespace {

TEST_CASE("attempts at the same time cannot slip past the throttle") {
  AccountFixture world;
  REQUIRE_OK(world.Register());
  std::atomic<int> refused = 0;
  std::atomic<int> throttled = 0;
  InParallel(16, [&](int) {
    const std::string reason = ReasonOf(world.SignIn("zoe@example.com", "wrong").status());
    if (reason == "CREDENTIALS_INVALID") ++refused;
    if (reason == "SIGN_IN_THROTTLED") ++throttled;
  });
  CHECK(refused == 10);
  CHECK(throttled == 6);
  CHECK(world.secrets.verifications == 10);  // of the others the password was not even looked at
}

TEST_CASE("while paused even the right password is refused, after the pause it counts, and clears the past") {
  AccountFixture world;
  const Uuid account = world.Register()->id;
  for (int i = 0; i < 10; ++i) CHECK_REFUSED(world.SignIn("zoe@example.com", "wrong"), "CREDENTIALS_INVALID");
  const auto paused = world.SignIn();
  CHECK_REFUSED(paused, "SIGN_IN_THROTTLED");
  CHECK(MetadataOf(paused.status()) ==
        std::vector<std::pair<std::string, std::string>>{{kRetryDelaySeconds, "60"}});
  world.clock.Advance(absl::Seconds(59));
  CHECK_REFUSED(world.SignIn(), "SIGN_IN_THROTTLED");
  world.clock.Advance(absl::Seconds(1));
  REQUIRE_OK(world.SignIn());
  for (int i = 0; i < 10; ++i) CHECK_REFUSED(world.SignIn("zoe@example.com", "wrong"), "CREDENTIALS_INVALID");
  CHECK_REFUSED(world.SignIn(), "SIGN_IN_THROTTLED");
  // R4: every attempt that was looked at is in the log, with where it came from; others could fill it.
  CHECK(world.Count(
            "SELECT count(*) AS count FROM access_log WHERE act = 'sign_in' AND outcome = 'refused'") == 20);
  CHECK(world.Count(
            "SELECT count(*) AS count FROM access_log WHERE act = 'sign_in' AND outcome = 'throttled'") == 0);
  const auto entries = world.access_log.List(account, {1, std::nullopt});
  CHECK(entries->items[0].origin.address == "192.0.2.1");
  CHECK(entries->items[0].origin.description == "a test");
}

TEST_CASE("a stranger's guesses shut out the stranger, not the customer, who may be anywhere else") {
  AccountFixture world;
  REQUIRE_OK(world.Register());
  const Actor me = world.ActorOf(*world.SignIn());
  const core::Origin stranger{"198.51.100.1", "a stranger"};
  for (int i = 0; i < 10; ++i)
    CHECK_REFUSED(world.SignInFrom(stranger, "zoe@example.com", "wrong"), "CREDENTIALS_INVALID");
  for (int i = 0; i < 200; ++i) CHECK_REFUSED(world.SignInFrom(stranger), "SIGN_IN_THROTTLED");
  REQUIRE_OK(world.SignIn());
  CHECK_REFUSED(world.SignInFrom(stranger), "SIGN_IN_THROTTLED");
  REQUIRE_OK(world.ChangePassword(me, "correct horse battery", "another good one"));
  REQUIRE_OK(world.Delete(me, "another good one"));
  // What is left is the place's count, which is of nobody in particular.
  CHECK(world.Count("SELECT count(*) AS count FROM sign_in_throttle") == 1);
}

TEST_CASE("guesses from many places at one address are bounded all together (ASVS 4.0.3, 2.2.1)") {
  AccountFixture world;
  REQUIRE_OK(world.Register());
  int looked_at = 0;
  for (int i = 0; i < 150; ++i) {
    const core::Origin place{absl::StrCat("198.51.100.", i), "a stranger"};
    const auto status = world.SignInFrom(place, "zoe@example.com", "wrong").status();
    looked_at += ReasonOf(status) == "CREDENTIALS_INVALID" ? 1 : 0;
  }
  CHECK(looked_at == 90);
  CHECK_REFUSED(world.SignIn(), "SIGN_IN_THROTTLED");
  world.clock.Advance(absl::Minutes(1));
  REQUIRE_OK(world.SignIn());
}

TEST_CASE(
    "one place cannot try a password on everybody; the others are not shut out, and tomorrow is another "
    "day") {
  AccountFixture world;
  REQUIRE_OK(world.Register());
  const Actor me = world.ActorOf(*world.SignIn());
  const auto guess = [&](int i) {
    const core::Origin place{absl::StrCat("2001:db8::", i), "a stranger"};  // one network
    return world.SignInFrom(place, absl::StrCat("customer", i, "@example.com"), "wrong").status();
  };
  for (int i = 0; i < 300; ++i) {
    CHECK_REFUSED(guess(i), "CREDENTIALS_INVALID");
    if (i % 50 == 0)
      REQUIRE_OK(world.SignInFrom({"2001:db8::cafe", "its own account"}));  // takes nothing back
  }
  CHECK_REFUSED(guess(300), "SIGN_IN_THROTTLED");
  CHECK_REFUSED(world.SignInFrom({"2001:db8::cafe", "its own account"}), "SIGN_IN_THROTTLED");
  REQUIRE_OK(world.SignInFrom({"2001:db8:0:1::cafe", "next door"}));
  REQUIRE_OK(world.ChangePassword(me, "correct horse battery", "another good one"));
  world.clock.Advance(absl::Minutes(1));
  CHECK_REFUSED(guess(301), "CREDENTIALS_INVALID");
  CHECK_REFUSED(guess(302), "SIGN_IN_THROTTLED");
  world.clock.Advance(absl::Hours(24));
  CHECK_REFUSED(guess(303), "CREDENTIALS_INVALID");
  CHECK_REFUSED(guess(304), "CREDENTIALS_INVALID");
}

TEST_CASE("beyond what may be looked at at once a password is refused, without being counted as wrong") {
  AccountFixture world;
  REQUIRE_OK(world.Register());
  Credentials full(world.account_store, world.throttle, world.access_log, world.secrets, world.tally,
                   world.clock, world.ids, 0);
  CHECK_REFUSED(full.Hash("correct horse battery"), "OVERLOADED");
  for (int i = 0; i < 20; ++i) {
    CHECK_REFUSED(
        full.Verify("zoe@example.com", "wrong", {core::AccessAct::kSignIn, world.origin, std::nullopt}),
        "OVERLOADED");
  }
  REQUIRE_OK(world.SignIn());
  PasswordWork work(2);
  {
    const auto first = work.Enter();
    REQUIRE_OK(first);
    const auto second = work.Enter();
    REQUIRE_OK(second);
    CHECK_REFUSED(work.Enter(), "OVERLOADED");
  }
  REQUIRE_OK(work.Enter());
}

TEST_CASE(
    "nobody learns of many addresses whether they are taken: after that no sign-up from there says "
    "anything") {
  AccountFixture world;
  REQUIRE_OK(world.Register());
  for (int i = 0; i < 30; ++i) {
    if (i % 10 == 0)
      REQUIRE_OK(world.Register(absl::StrCat("fresh", i, "@example.com")));  // takes nothing back
    CHECK_REFUSED(world.Register(), "EMAIL_TAKEN");
  }
  CHECK_REFUSED(world.Register(), "SIGN_UP_THROTTLED");
  const auto free_one = world.Register("free@example.com").status();
  CHECK_REFUSED(free_one, "SIGN_UP_THROTTLED");
  CHECK(MetadataOf(free_one)[0] == std::pair<std::string, std::string>{kRetryDelaySeconds, "60"});
  REQUIRE_OK(world.SignIn());
  world.clock.Advance(absl::Minutes(1));
  REQUIRE_OK(world.Register("free@example.com"));
}

TEST_CASE("an address that nobody has is answered alike, and takes the same work") {
  AccountFixture world;
  REQUIRE_OK(world.Register());
  const auto known = world.SignIn("zoe@example.com", "wrong").status();
  const auto unknown = world.SignIn("nobody@example.com", "wrong").status();
  CHECK(known == unknown);
  CHECK(world.secrets.verifications == 2);
  CHECK(world.secrets.verifications_of_nobody == 1);
  for (int i = 0; i < 9; ++i) world.SignIn("nobody@example.com", "wrong").status().IgnoreError();
  CHECK_REFUSED(world.SignIn("nobody@example.com", "wrong"), "SIGN_IN_THROTTLED");
  CHECK(world.Count("SELECT count(*) AS count FROM access_log WHERE act = 'sign_in'") == 1);
}

TEST_CASE("a repeat must know the password of the request that was answered, and its guesses count") {
  AccountFixture world;
  REQUIRE_OK(world.Register());
  const core::EmailAddress email = world.Email("zoe@example.com");
  const Actor me = world.ActorOf(*world.SignIn());
  Accounts::Registration registration{email,        "correct horse battery", core::Language::kFrench, "", "",
                                      world.origin, world.ids.Next()};
  REQUIRE_OK(world.accounts.CheckRepeatedCreate(registration));
  REQUIRE_OK(world.sessions.CheckRepeatedSignIn(email, "correct horse battery", world.origin));
  REQUIRE_OK(world.accounts.CheckRepeatedChange(me, me.account_id, "correct horse battery"));
  registration.password = "wrong";
  CHECK_REFUSED(world.accounts.CheckRepeatedCreate(registration), "REQUEST_ID_REUSED");
  CHECK_REFUSED(world.accounts.CheckRepeatedChange(me, me.account_id, "wrong"), "REQUEST_ID_REUSED");
  for (int i = 0; i < 9; ++i)
    CHECK_REFUSED(world.sessions.CheckRepeatedSignIn(email, "wrong", world.origin), "REQUEST_ID_REUSED");
  CHECK_REFUSED(world.sessions.CheckRepeatedSignIn(email, "correct horse battery", world.origin),
                "SIGN_IN_THROTTLED");
}

TEST_CASE("guesses at the password of a signed-in customer count as well") {
  AccountFixture world;
  REQUIRE_OK(world.Register());
  const Actor me = world.ActorOf(*world.SignIn());
  for (int i = 0; i < 5; ++i) {
    CHECK_REFUSED(world.ChangePassword(me, "wrong", "another good one"), "CREDENTIALS_INVALID");
    CHECK_REFUSED(world.Delete(me, "wrong"), "CREDENTIALS_INVALID");
  }
  CHECK_REFUSED(world.ChangePassword(me, "wrong", "another good one"), "SIGN_IN_THROTTLED");
  CHECK_REFUSED(world.Delete(me), "SIGN_IN_THROTTLED");
  // Those of one session only.
  const Actor elsewhere = world.ActorOf(*world.SignIn());
  REQUIRE_OK(world.ChangePassword(elsewhere, "correct horse battery", "correct horse battery"));
}

TEST_CASE("counts nobody added to for a day are dropped, and so are entries of the log after a year") {
  AccountFixture world;
  REQUIRE_OK(world.Register());
  CHECK_REFUSED(world.SignIn("zoe@example.com", "wrong"), "CREDENTIALS_INVALID");
  CHECK(*world.throttle.Purge(world.clock.Now() + absl::Hours(23)) == 0);
  CHECK(*world.throttle.Purge(world.clock.Now() + absl::Hours(25)) ==
        3);  // from there, from anywhere, for anybody
  CHECK(*world.throttle.Purge(world.clock.Now() + absl::Hours(25)) == 0);
  CHECK(*world.access_log.Purge(world.clock.Now() + absl::Hours(24 * 364)) == 0);
  CHECK(*world.access_log.Purge(world.clock.Now() + absl::Hours(24 * 366)) == 2);
  CHECK(*world.access_log.Purge(world.clock.Now() + absl::Hours(24 * 366)) == 0);
}

TEST_CASE("pages of the access log hold every entry once, newest first") {
  AccountFixture world;
  const Uuid account = world.Register()->id;
  for (int i = 0; i < 6; ++i) {
    if (i % 2 == 0) world.clock.Advance(absl::Seconds(1));  // pairs share their time
    world.SignIn("zoe@example.com", "wrong").status().IgnoreError();
  }
  std::vector<core::AccessLogEntry> seen;
  PageRequest request{3, std::nullopt};
  for (bool more = true; more;) {
    const auto page = world.access_log.List(account, request);
    REQUIRE_OK(page);
    CHECK(page->items.size() <= 3);
    seen.insert(seen.end(), page->items.begin(), page->items.end());
    more = page->next.has_value();
    request.after = page->next;
  }
  REQUIRE(seen.size() == 7);
  for (size_t i = 1; i < seen.size(); ++i) {
    CHECK(std::pair(seen[i - 1].created_at, seen[i - 1].id) > std::pair(seen[i].created_at, seen[i].id));
  }
}

}  // namespace
}  // namespace perennial::account
