#include "libs/rpc/identity.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/base/error.h"
#include "libs/rpc/error_texts.h"

namespace perennial::rpc {
namespace {

constexpr absl::string_view kServicePrefix = "spiffe://perennial/service/";
constexpr absl::string_view kOperatorPrefix = "spiffe://perennial/operator/";

absl::Status NotAllowed() {
  return Refusal(absl::StatusCode::kPermissionDenied, "CALLER_NOT_ALLOWED",
                 "this caller may not call this method");
}

absl::StatusOr<Caller> IdentifyCustomer(const Credentials& credentials, crypto::AccessTokenVerifier& tokens) {
  absl::string_view token = credentials.authorization;
  if (!absl::ConsumePrefix(&token, "Bearer ") && !absl::ConsumePrefix(&token, "bearer ")) {
    return Refusal(absl::StatusCode::kUnauthenticated, "ACCESS_TOKEN_MISSING",
                   "send the header authorization: Bearer ACCESS_TOKEN");
  }
  ASSIGN_OR_RETURN(const crypto::AccessClaims claims, tokens.Verify(token));
  return Caller{Caller::Kind::kCustomer, claims.account_id, claims.session_id, "", claims.language};
}

absl::StatusOr<Caller> IdentifyByCertificate(const Credentials& credentials, const Access& access) {
  absl::string_view id = credentials.spiffe_id;
  const bool is_operator = absl::ConsumePrefix(&id, kOperatorPrefix);
  const bool is_service = !is_operator && absl::ConsumePrefix(&id, kServicePrefix);
  if (id.empty() || absl::StrContains(id, '/')) return NotAllowed();
  if (is_operator) return Caller{Caller::Kind::kOperator, {}, {}, std::string(id)};
  const bool service = is_service && access.kind == Access::Kind::kServices;
  const bool listed =
      service && std::find(access.services.begin(), access.services.end(), id) != access.services.end();
  if (!listed) return NotAllowed();
  return Caller{Caller::Kind::kService, {}, {}, std::string(id)};
}

}  // namespace

absl::StatusOr<Caller> Identify(const Credentials& credentials, const Access& access,
                                crypto::AccessTokenVerifier& tokens) {
  switch (access.kind) {
    case Access::Kind::kPublic:
      return Caller{};
    case Access::Kind::kCustomers:
      return IdentifyCustomer(credentials, tokens);
    case Access::Kind::kServices:
    case Access::Kind::kOperators:
      return IdentifyByCertificate(credentials, access);
  }
  return NotAllowed();
}

absl::string_view ReaderLanguage(const Access& access, const Caller& caller,
                                 absl::string_view accept_language) {
  const bool is_for_people = access.kind == Access::Kind::kPublic || access.kind == Access::Kind::kCustomers;
  return is_for_people ? ChooseLanguage(caller.language, accept_language) : "";
}

std::string RequestScope(const Caller& caller) {
  switch (caller.kind) {
    case Caller::Kind::kAnonymous:
      return "public";
    case Caller::Kind::kCustomer:
      return absl::StrCat("account/", caller.account_id.ToString());
    case Caller::Kind::kService:
      return absl::StrCat("service/", caller.name);
    case Caller::Kind::kOperator:
      return absl::StrCat("operator/", caller.name);
  }
  return "public";
}

}  // namespace perennial::rpc
