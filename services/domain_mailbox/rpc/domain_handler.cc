#include "services/domain_mailbox/rpc/domain_handler.h"

#include "absl/strings/str_cat.h"
#include "libs/base/error.h"
#include "libs/base/resource_name.h"
#include "services/domain_mailbox/rpc/proto_mapping.h"

namespace perennial::domain_mailbox {
namespace {

using rpc::Call;

absl::StatusOr<v1::CheckDomainResponse> Check(Domains& domains, const v1::CheckDomainRequest& request) {
  ASSIGN_OR_RETURN(const Offer offer, domains.Check(request.domain_name()));
  v1::CheckDomainResponse response;
  response.set_domain_name(offer.name.a_labels);
  response.set_display_name(offer.name.display);
  response.set_availability(ToProto(offer.availability));
  return response;
}

absl::StatusOr<v1::Domain> Get(Domains& domains, const Call& call, const v1::GetDomainRequest& request) {
  const auto name = ParseChildName(request.name(), "domains");
  if (!name) return InvalidField("name", "must be \"accounts/{a}/domains/{d}\"");
  if (!call.caller.Owns(name->account_id)) return NotFound("DOMAIN_NOT_FOUND", "there is no such domain");
  ASSIGN_OR_RETURN(const core::Domain domain, domains.Get(name->account_id, name->id));
  return ToProto(domain, domains.DisplayName(domain));
}

absl::StatusOr<v1::ListDomainsResponse> List(Domains& domains, const crypto::PageTokens& tokens,
                                             const Call& call, const v1::ListDomainsRequest& request) {
  const auto account = ParseAccountName(request.parent());
  if (!account) return InvalidField("parent", "must be \"accounts/{a}\"");
  if (!call.caller.Owns(*account)) return NotFound("ACCOUNT_NOT_FOUND", "there is no such account");
  const std::string list = absl::StrCat("domains/", account->ToString());
  ASSIGN_OR_RETURN(const Page page, PageFrom(tokens, list, request.page_size(), request.page_token()));
  // One more tells whether there is a next page.
  ASSIGN_OR_RETURN(const std::vector<core::Domain> found, domains.List(*account, page.after, page.size + 1));
  v1::ListDomainsResponse response;
  for (const core::Domain& domain : found) {
    if (response.domains_size() == page.size) break;
    *response.add_domains() = ToProto(domain, domains.DisplayName(domain));
  }
  if (static_cast<int>(found.size()) > page.size)
    response.set_next_page_token(tokens.Make(list, found[page.size - 1].name));
  return response;
}

}  // namespace

rpc::Service MakeDomainService(Domains& domains, const crypto::PageTokens& tokens) {
  rpc::Service service("perennial.domain_mailbox.v1.DomainService");
  service.Read<v1::CheckDomainRequest, v1::CheckDomainResponse>(
      "CheckDomain", rpc::Customers(),
      [&domains](const Call&, const v1::CheckDomainRequest& request) { return Check(domains, request); });
  service.Read<v1::GetDomainRequest, v1::Domain>(
      "GetDomain", rpc::Customers(), [&domains](const Call& call, const v1::GetDomainRequest& request) {
        return Get(domains, call, request);
      });
  service.Read<v1::ListDomainsRequest, v1::ListDomainsResponse>(
      "ListDomains", rpc::Customers(),
      [&domains, &tokens](const Call& call, const v1::ListDomainsRequest& request) {
        return List(domains, tokens, call, request);
      });
  return service;
}

}  // namespace perennial::domain_mailbox
