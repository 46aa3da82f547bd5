#pragma once

#include <string>

#include "libs/base/error.h"
#include "libs/base/resource_name.h"
#include "libs/crypto/page_token.h"
#include "libs/rpc/service.h"
#include "perennial/account/v1/account_directory_service.pb.h"
#include "perennial/account/v1/account_service.pb.h"
#include "perennial/account/v1/notice_service.pb.h"
#include "perennial/account/v1/session_service.pb.h"
#include "services/account/app/accounts.h"
#include "services/account/app/sessions.h"

// FromProto validates, ToProto is total.
namespace perennial::account {

v1::Account ToProto(const core::Account& account);
v1::AccountProfile ToProfile(const core::Account& account);
// `current_session_id`: the session that asks.
v1::Session ToProto(const core::Session& session, const Uuid& current_session_id);
v1::CreateSessionResponse ToProto(const SessionTokens& tokens);
v1::AccessLogEntry ToProto(const core::AccessLogEntry& entry);
v1::Notice ToProto(const core::Notice& notice);

absl::StatusOr<Accounts::Registration> FromProto(const v1::CreateAccountRequest& request,
                                                 const core::Origin& origin);
absl::StatusOr<Accounts::Settings> FromProto(const v1::UpdateAccountRequest& request);

struct SignInRequest {
  core::EmailAddress email;
  std::string password;
  core::Origin origin;
};
absl::StatusOr<SignInRequest> FromProto(const v1::CreateSessionRequest& request, const core::Origin& origin);

// REQUEST_INVALID unless there is one of a length that is worth looking at.
void RequirePassword(const std::string& password, absl::string_view field, FieldViolations& violations);

// "accounts/{a}", "accounts/{a}/COLLECTION/{id}"; else REQUEST_INVALID on `field`.
absl::StatusOr<Uuid> RequireAccountName(const std::string& name, absl::string_view field);
absl::StatusOr<ChildName> RequireChildName(const std::string& name, absl::string_view collection,
                                           absl::string_view field);

core::Origin OriginOf(const rpc::Call& call);
Actor ActorOf(const rpc::Call& call);

// The page asked for by `page_size` and `page_token` of `list` (crypto::PageTokens).
absl::StatusOr<PageRequest> ReadPage(const crypto::PageTokens& tokens, absl::string_view list,
                                     int32_t page_size, const std::string& page_token);
// The token of the page after; empty after the last.
std::string NextToken(const crypto::PageTokens& tokens, absl::string_view list,
                      const std::optional<Position>& next);

}  // namespace perennial::account
