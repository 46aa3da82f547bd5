#include "services/domain_mailbox/rpc/mailbox_handler.h"

#include "absl/strings/str_cat.h"
#include "libs/base/error.h"
#include "libs/base/resource_name.h"
#include "libs/crypto/password.h"
#include "services/domain_mailbox/rpc/proto_mapping.h"

namespace perennial::domain_mailbox {
namespace {

using rpc::Call;

absl::StatusOr<ChildName> OwnMailbox(const Call& call, const std::string& name) {
  const auto parsed = ParseChildName(name, "mailboxes");
  if (!parsed) return InvalidField("name", "must be \"accounts/{a}/mailboxes/{m}\"");
  if (!call.caller.Owns(parsed->account_id)) return NotFound("MAILBOX_NOT_FOUND", "there is no such mailbox");
  return *parsed;
}

absl::StatusOr<v1::Mailbox> Get(Mailboxes& mailboxes, const Call& call,
                                const v1::GetMailboxRequest& request) {
  ASSIGN_OR_RETURN(const ChildName name, OwnMailbox(call, request.name()));
  ASSIGN_OR_RETURN(const core::Mailbox mailbox, mailboxes.Get(name.account_id, name.id));
  return ToProto(mailbox);
}

absl::StatusOr<v1::ListMailboxesResponse> List(Mailboxes& mailboxes, const crypto::PageTokens& tokens,
                                               const Call& call, const v1::ListMailboxesRequest& request) {
  const auto account = ParseAccountName(request.parent());
  if (!account) return InvalidField("parent", "must be \"accounts/{a}\"");
  if (!call.caller.Owns(*account)) return NotFound("ACCOUNT_NOT_FOUND", "there is no such account");
  const std::string list = absl::StrCat("mailboxes/", account->ToString());
  ASSIGN_OR_RETURN(const Page page, PageFrom(tokens, list, request.page_size(), request.page_token()));
  // One more tells whether there is a next page.
  ASSIGN_OR_RETURN(const std::vector<core::Mailbox> found,
                   mailboxes.List(*account, page.after, page.size + 1));
  v1::ListMailboxesResponse response;
  for (const core::Mailbox& mailbox : found) {
    if (response.mailboxes_size() == page.size) break;
    *response.add_mailboxes() = ToProto(mailbox);
  }
  if (static_cast<int>(found.size()) > page.size)
    response.set_next_page_token(tokens.Make(list, found[page.size - 1].Address()));
  return response;
}

// argon2id takes longer than all else: before the transaction, and only for one who may.
absl::StatusOr<std::string> HashNewPassword(Mailboxes& mailboxes, const Call& call,
                                            const v1::ChangeMailboxPasswordRequest& request) {
  ASSIGN_OR_RETURN(const ChildName name, OwnMailbox(call, request.name()));
  RETURN_IF_ERROR(CheckPassword(request.new_password()));
  RETURN_IF_ERROR(mailboxes.Get(name.account_id, name.id).status());
  return crypto::HashPassword(request.new_password());
}

absl::StatusOr<v1::Mailbox> ChangePassword(Mailboxes& mailboxes, const Call& call,
                                           const v1::ChangeMailboxPasswordRequest& request,
                                           const std::string& hash) {
  ASSIGN_OR_RETURN(const ChildName name, OwnMailbox(call, request.name()));
  ASSIGN_OR_RETURN(const core::Mailbox mailbox, mailboxes.ChangePassword(name.account_id, name.id, hash));
  return ToProto(mailbox);
}

absl::Status CheckSamePassword(Mailboxes& mailboxes, const Call& call,
                               const v1::ChangeMailboxPasswordRequest& request) {
  ASSIGN_OR_RETURN(const ChildName name, OwnMailbox(call, request.name()));
  ASSIGN_OR_RETURN(const core::Mailbox mailbox, mailboxes.Get(name.account_id, name.id));
  if (crypto::VerifyPassword(mailbox.password_hash.value_or(""), request.new_password()))
    return absl::OkStatus();
  return Precondition("REQUEST_ID_REUSED",
                      "this request_id was used for another password, or the password was changed since");
}

}  // namespace

rpc::Service MakeMailboxService(Mailboxes& mailboxes, const crypto::PageTokens& tokens) {
  rpc::Service service("perennial.domain_mailbox.v1.MailboxService");
  service.Read<v1::GetMailboxRequest, v1::Mailbox>(
      "GetMailbox", rpc::Customers(), [&mailboxes](const Call& call, const v1::GetMailboxRequest& request) {
        return Get(mailboxes, call, request);
      });
  service.Read<v1::ListMailboxesRequest, v1::ListMailboxesResponse>(
      "ListMailboxes", rpc::Customers(),
      [&mailboxes, &tokens](const Call& call, const v1::ListMailboxesRequest& request) {
        return List(mailboxes, tokens, call, request);
      });
  service.Mutate<v1::ChangeMailboxPasswordRequest, v1::Mailbox, std::string>(
      "ChangeMailboxPassword", rpc::Customers(),
      rpc::Mutation<v1::ChangeMailboxPasswordRequest, v1::Mailbox, std::string>{
          .prepare =
              [&mailboxes](const Call& call, const v1::ChangeMailboxPasswordRequest& request) {
                return HashNewPassword(mailboxes, call, request);
              },
          .commit = [&mailboxes](
                        const Call& call, const v1::ChangeMailboxPasswordRequest& request,
                        const std::string& hash) { return ChangePassword(mailboxes, call, request, hash); },
          .finish = {},
          .secrets = {"new_password"},
          .check_repeat = [&mailboxes](
                              const Call& call, const v1::ChangeMailboxPasswordRequest& request,
                              const v1::Mailbox&) { return CheckSamePassword(mailboxes, call, request); }});
  return service;
}

}  // namespace perennial::domain_mailbox
