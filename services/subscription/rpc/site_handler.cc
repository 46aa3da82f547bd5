#include "google/protobuf/empty.pb.h"
#include "perennial/subscription/v1/entitlement_service.pb.h"
#include "perennial/subscription/v1/site_service.pb.h"
#include "services/subscription/app/position.h"
#include "services/subscription/rpc/handlers.h"
#include "services/subscription/rpc/paging.h"
#include "services/subscription/rpc/proto_mapping.h"

namespace perennial::subscription {
namespace {

using google::protobuf::Empty;
using rpc::Call;

absl::StatusOr<v1::Site> Create(Sites& sites, const Call& call, const v1::CreateSiteRequest& request) {
  ASSIGN_OR_RETURN(const Uuid account_id, AccountFromProto(request.parent()));
  ASSIGN_OR_RETURN(const std::string display_name,
                   DisplayNameFromProto(request.display_name(), "display_name"));
  ASSIGN_OR_RETURN(const SiteView view, sites.Create(call.caller, account_id, display_name));
  return ToProto(view);
}

absl::StatusOr<v1::Site> Get(Sites& sites, const Call& call, const v1::GetSiteRequest& request) {
  ASSIGN_OR_RETURN(const ChildName name, ChildFromProto(request.name(), "sites", "SITE_NOT_FOUND"));
  ASSIGN_OR_RETURN(const SiteView view, sites.Get(call.caller, name.account_id, name.id));
  return ToProto(view);
}

absl::StatusOr<v1::ListSitesResponse> List(Sites& sites, const crypto::PageTokens& tokens, const Call& call,
                                           const v1::ListSitesRequest& request) {
  ASSIGN_OR_RETURN(const Uuid account_id, AccountFromProto(request.parent()));
  const std::string list = "sites/" + request.parent();
  ASSIGN_OR_RETURN(const PageRequest page, ReadPage(tokens, list, request.page_size(), request.page_token()));
  ASSIGN_OR_RETURN(std::vector<SiteView> views,
                   sites.List(call.caller, account_id, page.after, page.size + 1));
  v1::ListSitesResponse response;
  response.set_next_page_token(EndPage(tokens, list, page, views, [](const SiteView& view) {
    return PositionOf(view.site.created_at, view.site.id);
  }));
  for (const SiteView& view : views) *response.add_sites() = ToProto(view);
  return response;
}

absl::StatusOr<v1::Site> Update(Sites& sites, const Call& call, const v1::UpdateSiteRequest& request) {
  ASSIGN_OR_RETURN(const ChildName name, ChildFromProto(request.site().name(), "sites", "SITE_NOT_FOUND"));
  std::optional<std::string> display_name;
  if (request.update_mask().paths().empty()) return InvalidField("update_mask", "is required");
  for (const std::string& path : request.update_mask().paths()) {
    if (path != "display_name") return InvalidField("update_mask", "may name display_name");
    ASSIGN_OR_RETURN(display_name, DisplayNameFromProto(request.site().display_name(), "site.display_name"));
  }
  ASSIGN_OR_RETURN(const SiteView view,
                   sites.Rename(call.caller, name.account_id, name.id, display_name, request.site().etag()));
  return ToProto(view);
}

absl::StatusOr<Empty> Delete(Sites& sites, const Call& call, const v1::DeleteSiteRequest& request) {
  ASSIGN_OR_RETURN(const ChildName name, ChildFromProto(request.name(), "sites", "SITE_NOT_FOUND"));
  RETURN_IF_ERROR(sites.Delete(call.caller, name.account_id, name.id, request.etag()));
  return Empty();
}

absl::StatusOr<v1::Entitlements> Entitlements(Sites& sites, const Call& call, const std::string& site) {
  ASSIGN_OR_RETURN(const ChildName name, ChildFromProto(site, "sites", "SITE_NOT_FOUND"));
  ASSIGN_OR_RETURN(const core::Plan plan, sites.Entitlements(call.caller, name.account_id, name.id));
  return ToProto(plan);
}

}  // namespace

rpc::Service MakeSiteService(Sites& sites, const crypto::PageTokens& tokens) {
  rpc::Service service("perennial.subscription.v1.SiteService");
  service.Mutate<v1::CreateSiteRequest, v1::Site>(
      "CreateSite", rpc::Customers(),
      [&](const Call& call, const v1::CreateSiteRequest& request) { return Create(sites, call, request); });
  service.Read<v1::GetSiteRequest, v1::Site>(
      "GetSite", rpc::Customers(),
      [&](const Call& call, const v1::GetSiteRequest& request) { return Get(sites, call, request); });
  service.Read<v1::ListSitesRequest, v1::ListSitesResponse>(
      "ListSites", rpc::Customers(), [&](const Call& call, const v1::ListSitesRequest& request) {
        return List(sites, tokens, call, request);
      });
  service.Mutate<v1::UpdateSiteRequest, v1::Site>(
      "UpdateSite", rpc::Customers(),
      [&](const Call& call, const v1::UpdateSiteRequest& request) { return Update(sites, call, request); });
  service.Mutate<v1::DeleteSiteRequest, Empty>(
      "DeleteSite", rpc::Customers(),
      [&](const Call& call, const v1::DeleteSiteRequest& request) { return Delete(sites, call, request); });
  service.Read<v1::GetSiteEntitlementsRequest, v1::Entitlements>(
      "GetSiteEntitlements", rpc::Customers(),
      [&](const Call& call, const v1::GetSiteEntitlementsRequest& request) {
        return Entitlements(sites, call, request.name());
      });
  return service;
}

rpc::Service MakeEntitlementService(Sites& sites) {
  rpc::Service service("perennial.subscription.v1.EntitlementService");
  service.Read<v1::GetEntitlementsRequest, v1::Entitlements>(
      "GetEntitlements", rpc::Services({"account", "billing", "payment_token", "domain_mailbox"}),
      [&](const Call& call, const v1::GetEntitlementsRequest& request) {
        return Entitlements(sites, call, request.name());
      });
  return service;
}

}  // namespace perennial::subscription
