#include "services/subscription/app/sites.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/subscription/app/ownership.h"
#include "services/subscription/core/renewal_rules.h"

namespace perennial::subscription {
namespace {

absl::Status NoSite() {
  return NotFound("SITE_NOT_FOUND", "there is no such site");
}

// The plan that is online on the day of `now`, by the terms: one that was paid ahead may differ.
std::string PlanInForce(const core::Aggregate& aggregate, absl::Time now) {
  if (aggregate.product.state != core::ProductState::kActive || !aggregate.product.start)
    return core::kFreePlan;
  const core::Term* term = core::TermOn(aggregate.terms, core::TodayOf(aggregate.product, now));
  return term != nullptr ? term->plan_id : core::kFreePlan;
}

}  // namespace

absl::Status CheckEtag(const std::string& etag, int64_t version) {
  if (etag.empty() || etag == EtagOf(version)) return absl::OkStatus();
  return Refusal(absl::StatusCode::kAborted, "ETAG_MISMATCH", "it changed since it was read; read it again");
}

absl::StatusOr<std::vector<SiteView>> Sites::WithPlans(std::vector<Site> sites) {
  std::vector<Uuid> ids;
  std::vector<SiteView> views;
  for (Site& site : sites) {
    ids.push_back(site.id);
    views.push_back({std::move(site), core::kFreePlan, std::nullopt});
  }
  ASSIGN_OR_RETURN(const std::vector<core::Aggregate> products, sites_.ProductsOf(ids));
  for (const core::Aggregate& aggregate : products) {
    const core::Product& product = aggregate.product;
    if (product.kind != core::ProductKind::kPlan || product.state == core::ProductState::kPending) continue;
    for (SiteView& view : views) {
      if (view.site.id != *product.site_id) continue;
      view.plan_product_id = product.id;
      view.plan_id = PlanInForce(aggregate, clock_.Now());
    }
  }
  return views;
}

absl::StatusOr<SiteView> Sites::Create(const Caller& caller, const Uuid& account_id,
                                       const std::string& display_name) {
  RETURN_IF_ERROR(RequireOwner(caller, account_id, "ACCOUNT_NOT_FOUND"));
  RETURN_IF_ERROR(deletions_.Enter(account_id));
  const absl::Time now = clock_.Now();
  const Site site{ids_.Next(), account_id, display_name, 1, now, now};
  RETURN_IF_ERROR(sites_.Insert(site));
  return SiteView{site, core::kFreePlan, std::nullopt};
}

absl::StatusOr<SiteView> Sites::Get(const Caller& caller, const Uuid& account_id, const Uuid& site_id) {
  RETURN_IF_ERROR(RequireOwner(caller, account_id, "SITE_NOT_FOUND"));
  ASSIGN_OR_RETURN(std::optional<Site> site, sites_.Find(account_id, site_id));
  if (!site) return NoSite();
  ASSIGN_OR_RETURN(std::vector<SiteView> views, WithPlans({*std::move(site)}));
  return views.front();
}

absl::StatusOr<std::vector<SiteView>> Sites::List(const Caller& caller, const Uuid& account_id,
                                                  const std::string& after, int limit) {
  RETURN_IF_ERROR(RequireOwner(caller, account_id, "ACCOUNT_NOT_FOUND"));
  ASSIGN_OR_RETURN(std::vector<Site> sites, sites_.List(account_id, after, limit));
  return WithPlans(std::move(sites));
}

absl::StatusOr<SiteView> Sites::Rename(const Caller& caller, const Uuid& account_id, const Uuid& site_id,
                                       const std::optional<std::string>& display_name,
                                       const std::string& etag) {
  RETURN_IF_ERROR(RequireOwner(caller, account_id, "SITE_NOT_FOUND"));
  ASSIGN_OR_RETURN(Site site, sites_.Update(account_id, site_id, [&](Site& current) -> absl::Status {
    RETURN_IF_ERROR(CheckEtag(etag, current.version));
    if (!display_name) return absl::OkStatus();
    current.display_name = *display_name;
    current.updated_at = clock_.Now();
    ++current.version;
    return absl::OkStatus();
  }));
  ASSIGN_OR_RETURN(std::vector<SiteView> views, WithPlans({std::move(site)}));
  return views.front();
}

absl::Status Sites::Delete(const Caller& caller, const Uuid& account_id, const Uuid& site_id,
                           const std::string& etag) {
  RETURN_IF_ERROR(RequireOwner(caller, account_id, "SITE_NOT_FOUND"));
  // The row's lock keeps a purchase for the site out: it refers to the row.
  RETURN_IF_ERROR(
      sites_.Update(account_id, site_id, [&](Site& site) { return CheckEtag(etag, site.version); }).status());
  ASSIGN_OR_RETURN(const std::vector<core::Aggregate> products, sites_.ProductsOf({site_id}));
  for (const core::Aggregate& aggregate : products) {
    // Under the product's lock, so that no renewal begins meanwhile.
    const auto leave = [&](core::Aggregate& current) {
      return core::LeaveSite(catalogue_.dunning(), current, clock_.Now());
    };
    RETURN_IF_ERROR(products_.Update(aggregate.product.id, leave).status());
  }
  return sites_.Delete(account_id, site_id);
}

absl::StatusOr<core::Plan> Sites::Entitlements(const Caller& caller, const Uuid& account_id,
                                               const Uuid& site_id) {
  if (caller.kind == Caller::Kind::kCustomer)
    RETURN_IF_ERROR(RequireOwner(caller, account_id, "SITE_NOT_FOUND"));
  ASSIGN_OR_RETURN(std::optional<Site> site, sites_.Find(account_id, site_id));
  if (!site) return NoSite();
  ASSIGN_OR_RETURN(const std::vector<SiteView> views, WithPlans({*std::move(site)}));
  return catalogue_.FindPlan(views.front().plan_id);
}

}  // namespace perennial::subscription
