#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "libs/base/civil_date.h"
#include "libs/base/resource_name.h"
#include "perennial/subscription/v1/catalogue_service.pb.h"
#include "perennial/subscription/v1/entitlements.pb.h"
#include "perennial/subscription/v1/order_service.pb.h"
#include "perennial/subscription/v1/product_service.pb.h"
#include "perennial/subscription/v1/site_service.pb.h"
#include "services/subscription/app/products.h"
#include "services/subscription/app/quotes.h"
#include "services/subscription/app/sites.h"

// Between messages and our values. FromProto validates all of a request; ToProto is total.
namespace perennial::subscription {

v1::Entitlements ToProto(const core::Plan& plan);
v1::Plan ToPlanProto(const core::Plan& plan, const std::string& currency);
v1::Site ToProto(const SiteView& view);
v1::Product ToProto(const ProductView& view);
v1::Term ToProto(const TermRow& row);
v1::Quote ToProto(const Quote& quote, absl::Time now);
v1::Order ToProto(const core::Order& order);

// NOT_FOUND with `reason` if the name is of another form: such a thing cannot exist.
absl::StatusOr<ChildName> ChildFromProto(const std::string& name, absl::string_view collection,
                                         absl::string_view reason);
struct QuoteName {
  Uuid account_id;
  std::string handle;
};
// QUOTE_NOT_FOUND.
absl::StatusOr<QuoteName> QuoteNameFromProto(const std::string& name);
absl::StatusOr<Uuid> AccountFromProto(const std::string& name);
// "plans/gold" to "gold". PLAN_NOT_FOUND.
absl::StatusOr<std::string> PlanFromProto(const std::string& name);
absl::StatusOr<std::string> DisplayNameFromProto(const std::string& text, absl::string_view field);
absl::StatusOr<QuoteItem> FromProto(const v1::CreateQuoteRequest& request, const Uuid& account_id);
absl::StatusOr<ProductFilter> FromProto(const v1::ListProductsRequest& request);
absl::StatusOr<core::ProductSettings> FromProto(const v1::UpdateProductRequest& request);

}  // namespace perennial::subscription
