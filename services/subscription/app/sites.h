#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/caller.h"
#include "libs/base/clock.h"
#include "libs/base/uuid.h"
#include "services/subscription/app/ports.h"

namespace perennial::subscription {

// A site with what it has: its plan's product if that has not ended.
struct SiteView {
  Site site;
  std::string plan_id;  // in force now: "free" when no paid plan is active
  std::optional<Uuid> plan_product_id;
};

// Customers' sites and what their plans allow (R8).
class Sites {
 public:
  Sites(const core::Catalogue& catalogue, SiteStore& sites, ProductStore& products, DeletionStore& deletions,
        const Clock& clock, IdSource& ids)
      : catalogue_(catalogue),
        sites_(sites),
        products_(products),
        deletions_(deletions),
        clock_(clock),
        ids_(ids) {}

  absl::StatusOr<SiteView> Create(const Caller& caller, const Uuid& account_id,
                                  const std::string& display_name);
  absl::StatusOr<SiteView> Get(const Caller& caller, const Uuid& account_id, const Uuid& site_id);
  absl::StatusOr<std::vector<SiteView>> List(const Caller& caller, const Uuid& account_id,
                                             const std::string& after, int limit);
  // `etag`: empty, or the version that the change is based on. ETAG_MISMATCH.
  absl::StatusOr<SiteView> Rename(const Caller& caller, const Uuid& account_id, const Uuid& site_id,
                                  const std::optional<std::string>& display_name, const std::string& etag);
  // In one transaction. SITE_HAS_PRODUCTS, ORDER_IN_PROGRESS.
  absl::Status Delete(const Caller& caller, const Uuid& account_id, const Uuid& site_id,
                      const std::string& etag);

  // The plan in force and what it allows; `caller` is a customer, a service or an operator.
  absl::StatusOr<core::Plan> Entitlements(const Caller& caller, const Uuid& account_id, const Uuid& site_id);

 private:
  absl::StatusOr<std::vector<SiteView>> WithPlans(std::vector<Site> sites);

  const core::Catalogue& catalogue_;
  SiteStore& sites_;
  ProductStore& products_;
  DeletionStore& deletions_;
  const Clock& clock_;
  IdSource& ids_;
};

// The same for any resource: its version in text.
inline std::string EtagOf(int64_t version) {
  return std::to_string(version);
}
absl::Status CheckEtag(const std::string& etag, int64_t version);

}  // namespace perennial::subscription
