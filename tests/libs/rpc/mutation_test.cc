// Mutating calls (R35): prepare, commit, finish, and what a repeat does.
#include <catch2/catch.hpp>
#include <stdexcept>

#include "absl/strings/match.h"
#include "libs/base/error.h"
#include "tests/libs/rpc/server_fixture.h"

namespace perennial::rpc {
namespace {

TEST_CASE("a repeat gets the first answer and does nothing but finish") {
  ServerFixture fixture;
  Client client(fixture.server.port());
  const v1::CreateAccountRequest request = fixture.NewRequest();
  const Answer first = client.Call(kCreate, request);
  fixture.commit = [](const auto&, const auto&) -> absl::StatusOr<v1::Account> {
    throw std::runtime_error("again");
  };
  const Answer second = client.Call(kCreate, request);
  REQUIRE(first.status.ok());
  REQUIRE(second.status.ok());
  CHECK(first.bytes == second.bytes);
  CHECK_FALSE(first.bytes.empty());
  CHECK(fixture.prepares == 1);
  CHECK(fixture.commits == 1);
  CHECK(fixture.finishes == 2);
  CHECK(fixture.own_finishes == 1);
}

TEST_CASE("what was committed and not finished is finished by the repeat") {
  ServerFixture fixture;
  Client client(fixture.server.port());
  const v1::CreateAccountRequest request = fixture.NewRequest();
  fixture.finish_status = Unavailable("SERVICE_UNAVAILABLE", "the gateway is away");
  CHECK(client.Call(kCreate, request).Reason() == "SERVICE_UNAVAILABLE");
  fixture.finish_status = absl::OkStatus();
  CHECK(client.Call(kCreate, request).status.ok());
  CHECK(fixture.commits == 1);
  CHECK(fixture.finishes == 2);
}

TEST_CASE("an id that is missing or no UUID is a field violation, and nothing is done") {
  ServerFixture fixture;
  Client client(fixture.server.port());
  for (const char* id :
       {"", "1", "not-a-uuid", "00000000-0000-0000-0000-000000000000", "5f0c6a3e0d5b4c629f0a6d5c1f0f7b11"}) {
    v1::CreateAccountRequest request = fixture.NewRequest();
    request.set_request_id(id);
    const Answer answer = client.Call(kCreate, request);
    INFO(id);
    CHECK(answer.Reason() == "REQUEST_INVALID");
    REQUIRE(answer.Violations().field_violations_size() == 1);
    CHECK(answer.Violations().field_violations(0).field() == "request_id");
  }
  CHECK(fixture.prepares == 0);
  CHECK(fixture.commits == 0);
}

TEST_CASE("an id used for another request, or another method, is refused") {
  ServerFixture fixture;
  Client client(fixture.server.port());
  v1::CreateAccountRequest request = fixture.NewRequest();
  REQUIRE(client.Call(kCreate, request).status.ok());
  request.set_email("other@example.org");
  const Answer reused = client.Call(kCreate, request);
  CHECK(reused.status.error_code() == grpc::StatusCode::FAILED_PRECONDITION);
  CHECK(reused.Reason() == "REQUEST_ID_REUSED");
  v1::ChangePasswordRequest change;
  change.set_request_id(request.request_id());
  CHECK(client.Call(kChangePassword, change).Reason() == "REQUEST_ID_REUSED");
  CHECK(fixture.commits == 1);
}

TEST_CASE("a field that a newer client sends counts as part of the request") {
  ServerFixture fixture;
  Client client(fixture.server.port());
  const std::string bytes = fixture.NewRequest().SerializeAsString();
  const std::string with_unknown = bytes + std::string("\xfa\x3f\x01x", 4);  // field 127
  REQUIRE(client.Call(kCreate, bytes).status.ok());
  CHECK(client.Call(kCreate, with_unknown).Reason() == "REQUEST_ID_REUSED");
}

TEST_CASE("a refusal is not remembered: the same request may come through later") {
  ServerFixture fixture;
  Client client(fixture.server.port());
  const v1::CreateAccountRequest request = fixture.NewRequest();
  fixture.commit = [](const auto&, const auto&) -> absl::StatusOr<v1::Account> {
    return Precondition("EMAIL_TAKEN", "taken");
  };
  CHECK(client.Call(kCreate, request).Reason() == "EMAIL_TAKEN");
  CHECK(fixture.finishes == 0);
  fixture.commit = [](const auto&, const auto&) -> absl::StatusOr<v1::Account> { return v1::Account(); };
  CHECK(client.Call(kCreate, request).status.ok());
  CHECK(fixture.commits == 2);
  CHECK(fixture.finishes == 1);
}

TEST_CASE("answers rest sealed, and a damaged one is not given out") {
  ServerFixture fixture;
  Client client(fixture.server.port());
  const v1::CreateAccountRequest request = fixture.NewRequest();
  REQUIRE(client.Call(kCreate, request).status.ok());
  REQUIRE(fixture.requests.stored.size() == 1);
  auto& [key, sealed] = fixture.requests.stored.begin()->second;
  CHECK_FALSE(absl::StrContains(sealed, "somebody"));
  CHECK_FALSE(absl::StrContains(key.hash, "somebody"));
  sealed[sealed.size() / 2] ^= 1;
  CHECK(client.Call(kCreate, request).Reason() == "INTERNAL_ERROR");
}

TEST_CASE("ids of different callers do not meet") {
  ServerFixture fixture;
  const v1::CreateAccountRequest request = fixture.NewRequest();
  REQUIRE(Client(fixture.server.port()).Call(kCreate, request).status.ok());
  REQUIRE(fixture.requests.stored.begin()->first.first == "public");
  v1::DeleteAccountRequest deletion;
  deletion.set_request_id(request.request_id());
  CHECK(Client(fixture.server.port(), "operator").Call(kDelete, deletion).status.ok());
  CHECK(fixture.requests.stored.size() == 2);
}

TEST_CASE("a secret is no part of what is remembered, and a repeat must know it (R21)") {
  ServerFixture fixture;
  Client client(fixture.server.port());
  v1::ChangePasswordRequest change;
  change.set_request_id(fixture.ids.Next().ToString());
  change.set_new_password("first secret");
  v1::Account account;
  REQUIRE(account.ParseFromString(client.Call(kChangePassword, change).bytes));
  CHECK(account.display_name() == "first secret");  // the handler saw it
  const std::string hash = fixture.requests.stored.begin()->second.first.hash;
  const Answer repeat = client.Call(kChangePassword, change);
  REQUIRE(account.ParseFromString(repeat.bytes));
  CHECK(account.display_name() == "first secret");
  change.set_new_password("another");
  const Answer stranger = client.Call(kChangePassword, change);
  CHECK(stranger.Reason() == "REQUEST_ID_REUSED");
  CHECK(stranger.bytes.empty());
  // The same but for the secret is the same hash.
  fixture.requests.stored.clear();
  REQUIRE(client.Call(kChangePassword, change).status.ok());
  CHECK(fixture.requests.stored.begin()->second.first.hash == hash);
}

}  // namespace
}  // namespace perennial::rpc
