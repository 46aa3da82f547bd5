#include "services/account/core/session.h"

#include <catch2/catch.hpp>

namespace perennial::account::core {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

Session NewSession() {
  Session session;
  session.created_at = session.last_used_at = session.refreshed_at = kNow;
  session.expires_at = kNow + kSessionLifetime;
  session.token_digest = "first";
  return session;
}

TEST_CASE("the living token is exchanged, an unknown one of the session is reuse") {
  CHECK(DecideRefresh(NewSession(), "first", kNow) == RefreshDecision::kRotate);
  CHECK(DecideRefresh(NewSession(), "older", kNow) == RefreshDecision::kReuse);
  // A session that was never refreshed has no predecessor, not an empty one.
  CHECK(DecideRefresh(NewSession(), "", kNow) != RefreshDecision::kRotate);
}

TEST_CASE("only the immediate predecessor has a grace, of 30 seconds") {
  const Session once = Rotate(NewSession(), "second", "sealed", kNow);
  CHECK(DecideRefresh(once, "first", kNow + kRefreshGrace) == RefreshDecision::kRepeat);
  CHECK(DecideRefresh(once, "first", kNow + kRefreshGrace + absl::Microseconds(1)) ==
        RefreshDecision::kReuse);
  const Session twice = Rotate(once, "third", "sealed", kNow);
  CHECK(DecideRefresh(twice, "second", kNow) == RefreshDecision::kRepeat);
  CHECK(DecideRefresh(twice, "first", kNow) == RefreshDecision::kReuse);
}

TEST_CASE("a session ends 30 days after its last refresh, or when it is ended") {
  const Session session = NewSession();
  CHECK(DecideRefresh(session, "first", kNow + kSessionLifetime - absl::Seconds(1)) ==
        RefreshDecision::kRotate);
  CHECK(DecideRefresh(session, "first", kNow + kSessionLifetime) == RefreshDecision::kEnded);
  const Session refreshed = Rotate(session, "second", "sealed", kNow + absl::Hours(24));
  CHECK(refreshed.expires_at == kNow + absl::Hours(24) + kSessionLifetime);
  Session ended = session;
  ended.ended_at = kNow;
  CHECK(DecideRefresh(ended, "first", kNow) == RefreshDecision::kEnded);
  CHECK(DecideRefresh(ended, "older", kNow) == RefreshDecision::kEnded);
}

}  // namespace
}  // namespace perennial::account::core
