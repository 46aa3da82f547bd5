#include "services/account/rpc/account_handler.h"

#include <google/protobuf/empty.pb.h>

#include "absl/strings/str_cat.h"
#include "libs/base/status_macros.h"
#include "services/account/rpc/proto_mapping.h"

namespace perennial::account {
namespace {

constexpr int kMaxBatch = 1000;

using google::protobuf::Empty;

void AddCreateAccount(rpc::Service& service, Accounts& accounts) {
  using Request = v1::CreateAccountRequest;
  service.Mutate(
      "CreateAccount", rpc::Public(),
      rpc::Mutation<Request, v1::Account, std::string>{
          .prepare = [&accounts](const auto& call, const auto& request) -> absl::StatusOr<std::string> {
            ASSIGN_OR_RETURN(const auto registration, FromProto(request, OriginOf(call)));
            return accounts.PrepareCreate(registration);
          },
          .commit = [&accounts](const auto& call, const auto& request,
                                const std::string& hash) -> absl::StatusOr<v1::Account> {
            ASSIGN_OR_RETURN(const auto registration, FromProto(request, OriginOf(call)));
            ASSIGN_OR_RETURN(const auto account, accounts.Create(registration, hash));
            return ToProto(account);
          },
          .finish = {},
          .secrets = {"password"},
          .check_repeat = [&accounts](const auto& call, const auto& request, const auto&) -> absl::Status {
            ASSIGN_OR_RETURN(const auto registration, FromProto(request, OriginOf(call)));
            return accounts.CheckRepeatedCreate(registration);
          }});
}

void AddSettings(rpc::Service& service, Accounts& accounts) {
  service.Read<v1::GetAccountRequest, v1::Account>(
      "GetAccount", rpc::Customers(),
      [&accounts](const auto& call, const auto& request) -> absl::StatusOr<v1::Account> {
        ASSIGN_OR_RETURN(const Uuid id, RequireAccountName(request.name(), "name"));
        ASSIGN_OR_RETURN(const auto account, accounts.Get(ActorOf(call), id));
        return ToProto(account);
      });
  service.Mutate<v1::UpdateAccountRequest, v1::Account>(
      "UpdateAccount", rpc::Customers(),
      [&accounts](const auto& call, const auto& request) -> absl::StatusOr<v1::Account> {
        ASSIGN_OR_RETURN(const Uuid id, RequireAccountName(request.account().name(), "account.name"));
        ASSIGN_OR_RETURN(const auto settings, FromProto(request));
        ASSIGN_OR_RETURN(const auto account, accounts.Update(ActorOf(call), id, settings));
        return ToProto(account);
      });
}

void AddChangePassword(rpc::Service& service, Accounts& accounts) {
  using Request = v1::ChangePasswordRequest;
  using Verified = Accounts::VerifiedPassword;
  service.Mutate(
      "ChangePassword", rpc::Customers(),
      rpc::Mutation<Request, v1::Account, Verified>{
          .prepare = [&accounts](const auto& call, const auto& request) -> absl::StatusOr<Verified> {
            ASSIGN_OR_RETURN(const Uuid id, RequireAccountName(request.name(), "name"));
            FieldViolations violations;
            RequirePassword(request.current_password(), "current_password", violations);
            RequirePassword(request.new_password(), "new_password", violations);
            RETURN_IF_ERROR(violations.ToStatus());
            return accounts.PrepareChangePassword(ActorOf(call), id, request.current_password(),
                                                  request.new_password());
          },
          .commit = [&accounts](const auto& call, const auto&,
                                const Verified& verified) -> absl::StatusOr<v1::Account> {
            ASSIGN_OR_RETURN(const auto account, accounts.ChangePassword(ActorOf(call), verified));
            return ToProto(account);
          },
          .finish = {},
          .secrets = {"current_password", "new_password"},
          .check_repeat = [&accounts](const auto& call, const auto& request, const auto&) -> absl::Status {
            ASSIGN_OR_RETURN(const Uuid id, RequireAccountName(request.name(), "name"));
            return accounts.CheckRepeatedChange(ActorOf(call), id, request.new_password());
          }});
}

void AddDeleteAccount(rpc::Service& service, Accounts& accounts) {
  using Request = v1::DeleteAccountRequest;
  using Verified = Accounts::VerifiedPassword;
  service.Mutate(
      "DeleteAccount", rpc::Customers(),
      rpc::Mutation<Request, Empty, Verified>{
          .prepare = [&accounts](const auto& call, const auto& request) -> absl::StatusOr<Verified> {
            ASSIGN_OR_RETURN(const Uuid id, RequireAccountName(request.name(), "name"));
            FieldViolations violations;
            RequirePassword(request.password(), "password", violations);
            RETURN_IF_ERROR(violations.ToStatus());
            return accounts.PrepareDelete(ActorOf(call), id, request.password());
          },
          .commit = [&accounts](const auto& call, const auto&,
                                const Verified& verified) -> absl::StatusOr<Empty> {
            RETURN_IF_ERROR(accounts.Delete(ActorOf(call), verified));
            return Empty();
          },
          .finish = {},
          .secrets = {"password"}});  // a repeat is told that it is done: there is nothing left to know
}

void AddAccessLog(rpc::Service& service, Accounts& accounts, const crypto::PageTokens& page_tokens) {
  using Response = v1::ListAccessLogEntriesResponse;
  service.Read<v1::ListAccessLogEntriesRequest, Response>(
      "ListAccessLogEntries", rpc::Customers(),
      [&accounts, &page_tokens](const auto& call, const auto& request) -> absl::StatusOr<Response> {
        ASSIGN_OR_RETURN(const Uuid id, RequireAccountName(request.parent(), "parent"));
        const std::string list = absl::StrCat("ListAccessLogEntries/", id.ToString());
        ASSIGN_OR_RETURN(const auto page,
                         ReadPage(page_tokens, list, request.page_size(), request.page_token()));
        ASSIGN_OR_RETURN(const auto entries, accounts.ListAccessLog(ActorOf(call), id, page));
        Response response;
        for (const auto& entry : entries.items) *response.add_access_log_entries() = ToProto(entry);
        response.set_next_page_token(NextToken(page_tokens, list, entries.next));
        return response;
      });
}

}  // namespace

rpc::Service MakeAccountService(Accounts& accounts, const crypto::PageTokens& page_tokens) {
  rpc::Service service("perennial.account.v1.AccountService");
  AddCreateAccount(service, accounts);
  AddSettings(service, accounts);
  AddChangePassword(service, accounts);
  AddDeleteAccount(service, accounts);
  AddAccessLog(service, accounts, page_tokens);
  return service;
}

rpc::Service MakeAccountDirectoryService(Accounts& accounts) {
  using Response = v1::BatchGetAccountsResponse;
  rpc::Service service("perennial.account.v1.AccountDirectoryService");
  service.Read<v1::BatchGetAccountsRequest, Response>(
      "BatchGetAccounts", rpc::Services({"subscription", "billing", "payment_token", "domain_mailbox"}),
      [&accounts](const auto&, const auto& request) -> absl::StatusOr<Response> {
        if (request.names_size() < 1 || request.names_size() > kMaxBatch)
          return InvalidField("names", "must have 1 to 1000 names");
        std::vector<Uuid> ids;
        for (int i = 0; i < request.names_size(); ++i) {
          ASSIGN_OR_RETURN(const Uuid id,
                           RequireAccountName(request.names(i), absl::StrCat("names[", i, "]")));
          ids.push_back(id);
        }
        ASSIGN_OR_RETURN(const auto found, accounts.FindAll(ids));
        Response response;
        for (const auto& account : found) *response.add_account_profiles() = ToProfile(account);
        return response;
      });
  return service;
}

}  // namespace perennial::account
