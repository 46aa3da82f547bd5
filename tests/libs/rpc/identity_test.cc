#include "libs/rpc/identity.h"

#include <catch2/catch.hpp>

#include "libs/base/error.h"
#include "tests/support/fakes.h"
#include "tests/support/status_matchers.h"

namespace perennial::rpc {
namespace {

TEST_CASE("who is let in: every kind of method against every kind of caller") {
  testing::FakeClock clock;
  testing::CountingIds ids;
  const crypto::SigningKey key("k", std::string(32, 's'));
  crypto::AccessTokenVerifier tokens(
      [&]() -> absl::StatusOr<std::vector<crypto::VerifyingKey>> {
        return std::vector<crypto::VerifyingKey>{{"k", key.public_key()}};
      },
      clock);
  const std::string token =
      "Bearer " + key.Sign({ids.Next(), ids.Next(), clock.Now(), clock.Now() + absl::Minutes(10)});
  const std::string billing = "spiffe://perennial/service/billing";
  const std::string account = "spiffe://perennial/service/account";
  const std::string anna = "spiffe://perennial/operator/anna";
  const Access only_billing = Services({"billing"});

  struct Row {
    Access access;
    Credentials credentials;
    std::string expected;  // RequestScope of the caller, "account/…" for any customer, or the reason
  };
  const std::vector<Row> rows = {
      {Public(), {"", ""}, "public"},
      {Public(), {token, ""}, "public"},
      {Public(), {"Bearer nonsense", ""}, "public"},
      {Public(), {"", billing}, "public"},
      {Customers(), {token, ""}, "account/…"},
      {Customers(), {token, anna}, "account/…"},
      {Customers(), {"", ""}, "ACCESS_TOKEN_MISSING"},
      {Customers(), {"", billing}, "ACCESS_TOKEN_MISSING"},
      {Customers(), {"", anna}, "ACCESS_TOKEN_MISSING"},
      {Customers(), {"Bearer", ""}, "ACCESS_TOKEN_MISSING"},
      {Customers(), {"Bearer ", ""}, "ACCESS_TOKEN_INVALID"},
      {Customers(), {"Bearer  " + token.substr(7), ""}, "ACCESS_TOKEN_INVALID"},
      {only_billing, {"", billing}, "service/billing"},
      {only_billing, {"", anna}, "operator/anna"},
      {only_billing, {"", account}, "CALLER_NOT_ALLOWED"},
      {only_billing, {"", ""}, "CALLER_NOT_ALLOWED"},
      {only_billing, {token, ""}, "CALLER_NOT_ALLOWED"},
      {only_billing, {"", billing + "/x"}, "CALLER_NOT_ALLOWED"},
      {only_billing, {"", "spiffe://perennial/service/"}, "CALLER_NOT_ALLOWED"},
      {only_billing, {"", "spiffe://elsewhere/service/billing"}, "CALLER_NOT_ALLOWED"},
      {only_billing, {"", "https://perennial/service/billing"}, "CALLER_NOT_ALLOWED"},
      {only_billing, {"", "spiffe://perennial/operator/"}, "CALLER_NOT_ALLOWED"},
      {only_billing, {"", "spiffe://perennial/operator/a/b"}, "CALLER_NOT_ALLOWED"},
      {Services({}), {"", billing}, "CALLER_NOT_ALLOWED"},
      {Services({""}), {"", "spiffe://perennial/service/"}, "CALLER_NOT_ALLOWED"},
      {Operators(), {"", anna}, "operator/anna"},
      {Operators(), {"", billing}, "CALLER_NOT_ALLOWED"},
      {Operators(), {token, ""}, "CALLER_NOT_ALLOWED"},
      {Operators(), {"", ""}, "CALLER_NOT_ALLOWED"},
  };
  for (size_t i = 0; i < rows.size(); ++i) {
    INFO("row " << i << ": " << rows[i].expected);
    const auto caller = Identify(rows[i].credentials, rows[i].access, tokens);
    std::string got = caller.ok() ? RequestScope(*caller) : ReasonOf(caller.status());
    if (caller.ok() && caller->kind == Caller::Kind::kCustomer) got = got.substr(0, 8) + "…";
    CHECK(got == rows[i].expected);
  }
}

TEST_CASE("only a customer owns, and only what is their own") {
  testing::CountingIds ids;
  const Uuid own = ids.Next();
  const Uuid other = ids.Next();
  CHECK(Caller{Caller::Kind::kCustomer, own, ids.Next(), ""}.Owns(own));
  CHECK_FALSE(Caller{Caller::Kind::kCustomer, own, ids.Next(), ""}.Owns(other));
  CHECK_FALSE(Caller{Caller::Kind::kService, own, {}, "billing"}.Owns(own));
  CHECK_FALSE(Caller{Caller::Kind::kOperator, own, {}, "anna"}.Owns(own));
  CHECK_FALSE(Caller{}.Owns(Uuid()));
}

}  // namespace
}  // namespace perennial::rpc
