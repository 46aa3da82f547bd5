#include "services/account/rpc/session_handler.h"

#include <google/protobuf/empty.pb.h>

#include "absl/strings/str_cat.h"
#include "libs/base/status_macros.h"
#include "services/account/rpc/proto_mapping.h"

namespace perennial::account {
namespace {

using google::protobuf::Empty;

// Four times what a token has: anything longer is none of ours.
constexpr size_t kMaxRefreshTokenBytes = 172;

void AddCreateSession(rpc::Service& service, Sessions& sessions) {
  using Request = v1::CreateSessionRequest;
  using Response = v1::CreateSessionResponse;
  service.Mutate(
      "CreateSession", rpc::Public(),
      rpc::Mutation<Request, Response, core::Account>{
          .prepare = [&sessions](const auto& call, const auto& request) -> absl::StatusOr<core::Account> {
            ASSIGN_OR_RETURN(const auto sign_in, FromProto(request, OriginOf(call)));
            return sessions.PrepareSignIn(sign_in.email, sign_in.password, sign_in.origin);
          },
          .commit = [&sessions](const auto& call, const auto& request,
                                const core::Account& verified) -> absl::StatusOr<Response> {
            ASSIGN_OR_RETURN(const auto sign_in, FromProto(request, OriginOf(call)));
            ASSIGN_OR_RETURN(const Uuid request_id, Uuid::Parse(request.request_id()));
            ASSIGN_OR_RETURN(const auto tokens, sessions.SignIn(verified, sign_in.origin, request_id));
            return ToProto(tokens);
          },
          .finish = {},
          .secrets = {"password"},
          .check_repeat = [&sessions](const auto& call, const auto& request, const auto&) -> absl::Status {
            ASSIGN_OR_RETURN(const auto sign_in, FromProto(request, OriginOf(call)));
            return sessions.CheckRepeatedSignIn(sign_in.email, sign_in.password, sign_in.origin);
          }});
}

void AddRefreshSession(rpc::Service& service, Sessions& sessions) {
  using Request = v1::RefreshSessionRequest;
  using Response = v1::CreateSessionResponse;
  service.Mutate(
      "RefreshSession", rpc::Public(),
      rpc::Mutation<Request, Response>{
          .prepare = [&sessions](const auto& call, const auto& request) -> absl::StatusOr<std::monostate> {
            const std::string& token = request.refresh_token();
            if (token.empty() || token.size() > kMaxRefreshTokenBytes)
              return InvalidField("refresh_token", "must be the token that was issued last");
            RETURN_IF_ERROR(sessions.PrepareRefresh(token, OriginOf(call)));
            return std::monostate();
          },
          .commit = [&sessions](const auto&, const auto& request, const auto&) -> absl::StatusOr<Response> {
            ASSIGN_OR_RETURN(const Uuid request_id, Uuid::Parse(request.request_id()));
            ASSIGN_OR_RETURN(const auto tokens, sessions.Refresh(request.refresh_token(), request_id));
            return ToProto(tokens);
          },
          .finish = {}});
}

void AddListSessions(rpc::Service& service, Sessions& sessions, const crypto::PageTokens& page_tokens) {
  using Response = v1::ListSessionsResponse;
  service.Read<v1::ListSessionsRequest, Response>(
      "ListSessions", rpc::Customers(),
      [&sessions, &page_tokens](const auto& call, const auto& request) -> absl::StatusOr<Response> {
        ASSIGN_OR_RETURN(const Uuid id, RequireAccountName(request.parent(), "parent"));
        const std::string list = absl::StrCat("ListSessions/", id.ToString());
        ASSIGN_OR_RETURN(const auto page,
                         ReadPage(page_tokens, list, request.page_size(), request.page_token()));
        ASSIGN_OR_RETURN(const auto found, sessions.List(ActorOf(call), id, page));
        Response response;
        for (const auto& session : found.items)
          *response.add_sessions() = ToProto(session, call.caller.session_id);
        response.set_next_page_token(NextToken(page_tokens, list, found.next));
        return response;
      });
}

void AddEndings(rpc::Service& service, Sessions& sessions) {
  service.Mutate<v1::DeleteSessionRequest, Empty>(
      "DeleteSession", rpc::Customers(),
      [&sessions](const auto& call, const auto& request) -> absl::StatusOr<Empty> {
        ASSIGN_OR_RETURN(const auto name, RequireChildName(request.name(), "sessions", "name"));
        RETURN_IF_ERROR(sessions.End(ActorOf(call), name.account_id, name.id));
        return Empty();
      });
  service.Mutate<v1::EndOtherSessionsRequest, v1::EndOtherSessionsResponse>(
      "EndOtherSessions", rpc::Customers(),
      [&sessions](const auto& call, const auto& request) -> absl::StatusOr<v1::EndOtherSessionsResponse> {
        ASSIGN_OR_RETURN(const Uuid id, RequireAccountName(request.parent(), "parent"));
        v1::EndOtherSessionsResponse response;
        ASSIGN_OR_RETURN(const int ended, sessions.EndOthers(ActorOf(call), id));
        response.set_ended_count(ended);
        return response;
      });
}

}  // namespace

rpc::Service MakeSessionService(Sessions& sessions, const crypto::PageTokens& page_tokens) {
  rpc::Service service("perennial.account.v1.SessionService");
  AddCreateSession(service, sessions);
  AddRefreshSession(service, sessions);
  AddListSessions(service, sessions, page_tokens);
  AddEndings(service, sessions);
  return service;
}

}  // namespace perennial::account
