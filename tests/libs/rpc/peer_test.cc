#include "libs/rpc/peer.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "libs/base/call_scope.h"
#include "libs/base/error.h"
#include "tests/libs/rpc/server_fixture.h"
#include "tests/support/status_matchers.h"

namespace perennial::rpc {
namespace {

std::string Target(const ServerFixture& fixture) {
  return absl::StrCat("127.0.0.1:", fixture.server.port());
}

TEST_CASE("a peer is called under this service's name, and answers its message") {
  ServerFixture fixture;
  Peer peer(Target(fixture), TlsOf("billing"));
  const auto response =
      peer.Call<v1::ListAccessLogEntriesResponse>(kListEntries, v1::ListAccessLogEntriesRequest());
  REQUIRE_OK(response);
  CHECK(response->next_page_token() == "billing");
}

TEST_CASE("a peer's refusal keeps its code, reason, message and metadata") {
  ServerFixture fixture;
  fixture.commit = [](const auto&, const auto&) -> absl::StatusOr<v1::Account> {
    return Refusal(absl::StatusCode::kAlreadyExists, "EMAIL_TAKEN", "somebody has it", {{"email", "x"}});
  };
  Peer peer(Target(fixture), TlsOf("billing"));
  const absl::Status status = peer.Call<v1::Account>(kCreate, fixture.NewRequest()).status();
  CHECK(status.code() == absl::StatusCode::kAlreadyExists);
  CHECK(ReasonOf(status) == "EMAIL_TAKEN");
  CHECK(status.message() == "somebody has it");
  CHECK(MetadataOf(status).size() == 1);
  CHECK_REFUSED(peer.Call<v1::Account>(kGet, v1::GetAccountRequest()), "ACCESS_TOKEN_MISSING");
}

TEST_CASE("a peer's fault stays a fault") {
  ServerFixture fixture;
  fixture.commit = [](const auto&, const auto&) -> absl::StatusOr<v1::Account> {
    return absl::UnknownError("x");
  };
  Peer peer(Target(fixture), TlsOf("billing"));
  const absl::Status status = peer.Call<v1::Account>(kCreate, fixture.NewRequest()).status();
  CHECK(status.code() == absl::StatusCode::kInternal);
  CHECK(ReasonOf(status) == "INTERNAL_ERROR");
}

TEST_CASE("what is unavailable for a moment is tried again") {
  ServerFixture fixture;
  std::atomic<int> calls{0};
  fixture.commit = [&](const auto&, const auto&) -> absl::StatusOr<v1::Account> {
    if (++calls < 3) return Unavailable("SERVICE_UNAVAILABLE", "not now");
    return v1::Account();
  };
  Peer peer(Target(fixture), TlsOf("billing"));
  REQUIRE_OK(peer.Call<v1::Account>(kCreate, fixture.NewRequest()));
  CHECK(calls == 3);
}

TEST_CASE("a peer that is not there is UNAVAILABLE; one that does not answer in time DEADLINE_PASSED") {
  Peer nobody("127.0.0.1:1", TlsOf("billing"));
  CHECK_REFUSED(nobody.Call<v1::Account>(kGet, v1::GetAccountRequest(), absl::Seconds(5)),
                "SERVICE_UNAVAILABLE");
  ServerFixture fixture;
  absl::Notification release;
  fixture.commit = [&](const auto&, const auto&) -> absl::StatusOr<v1::Account> {
    release.WaitForNotification();
    return v1::Account();
  };
  Peer peer(Target(fixture), TlsOf("billing"));
  CHECK_REFUSED(peer.Call<v1::Account>(kCreate, fixture.NewRequest(), absl::Milliseconds(200)),
                "DEADLINE_PASSED");
  release.Notify();
}

TEST_CASE("the deadline and the trace of the call in hand are passed on") {
  ServerFixture fixture;
  absl::Duration left;
  std::string trace;
  fixture.commit = [&](const auto&, const auto&) -> absl::StatusOr<v1::Account> {
    left = CallScope::Current()->deadline() - absl::Now();
    trace = CallScope::Current()->TraceId();
    return v1::Account();
  };
  Peer peer(Target(fixture), TlsOf("billing"));
  const CallScope scope(absl::Now() + absl::Seconds(4), ContinueTrace(""));
  REQUIRE_OK(peer.Call<v1::Account>(kCreate, fixture.NewRequest()));
  CHECK(left <= absl::Seconds(5));
  CHECK(trace == scope.TraceId());
}

TEST_CASE("a peer with a certificate of another authority is not believed") {
  ServerFixture fixture;
  Tls tls = TlsOf("billing");
  tls.authority = StrangerTls().certificate_chain;  // believes only the stranger
  Peer peer(Target(fixture), tls);
  CHECK_REFUSED(peer.Call<v1::Account>(kCreate, fixture.NewRequest(), absl::Seconds(5)),
                "SERVICE_UNAVAILABLE");
  CHECK(fixture.commits == 0);
}

}  // namespace
}  // namespace perennial::rpc
