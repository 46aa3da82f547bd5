#include "services/subscription/app/products.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/subscription/app/ownership.h"
#include "services/subscription/app/sites.h"

namespace perennial::subscription {
namespace {

absl::Status NoProduct() {
  return NotFound("PRODUCT_NOT_FOUND", "there is no such product");
}

// What will be charged (R16); empty: nothing as things are.
std::string MethodToCharge(const core::NextRenewal& next, const std::string& by_default) {
  switch (next.state) {
    case core::RenewalState::kOff:
    case core::RenewalState::kPaid:
    case core::RenewalState::kWaitingForMethod:
      return "";
    case core::RenewalState::kWaitingForCustomer:
      return next.order->payment_method;
    case core::RenewalState::kScheduled:
    case core::RenewalState::kRetrying:
      return next.order != nullptr && !next.order->wanted_method.empty() ? next.order->wanted_method
                                                                         : by_default;
  }
  return by_default;
}

}  // namespace

ProductView Products::View(core::Aggregate aggregate, const std::string& payment_method) {
  const absl::Time now = clock_.Now();
  ProductView view{std::move(aggregate), {}, "", "", 0, false};
  const core::Product& product = view.aggregate.product;
  view.next = core::NextRenewalOf(catalogue_, view.aggregate, now);
  view.payment_method = MethodToCharge(view.next, payment_method);
  // A charge that is out is finished first: nobody can promise any more that it comes to nothing (R14).
  const bool is_charging = view.next.order != nullptr && core::IsCharging(view.aggregate, *view.next.order) &&
                           view.next.state != core::RenewalState::kWaitingForCustomer;
  view.paid_ahead = is_charging || core::PaidAhead(product, view.aggregate.terms, now);
  const core::Term* term =
      product.start ? core::TermOn(view.aggregate.terms, core::TodayOf(product, now)) : nullptr;
  view.plan_id = term != nullptr ? term->plan_id : product.plan_id;
  view.cycle_months = term != nullptr ? term->cycle_months : product.cycle_months;
  return view;
}

absl::StatusOr<ProductView> Products::Get(const Caller& caller, const Uuid& account_id,
                                          const Uuid& product_id) {
  RETURN_IF_ERROR(RequireOwner(caller, account_id, "PRODUCT_NOT_FOUND"));
  ASSIGN_OR_RETURN(core::Aggregate aggregate, products_.Load(product_id));
  if (aggregate.product.account_id != account_id) return NoProduct();
  return View(std::move(aggregate), DefaultMethod(account_id));
}

absl::StatusOr<std::vector<ProductView>> Products::List(const Caller& caller, const Uuid& account_id,
                                                        const ProductFilter& filter, const std::string& after,
                                                        int limit) {
  RETURN_IF_ERROR(RequireOwner(caller, account_id, "ACCOUNT_NOT_FOUND"));
  ASSIGN_OR_RETURN(std::vector<core::Aggregate> found, products_.List(account_id, filter, after, limit));
  std::vector<ProductView> views;
  if (found.empty()) return views;
  const std::string method = DefaultMethod(account_id);
  for (core::Aggregate& aggregate : found) views.push_back(View(std::move(aggregate), method));
  return views;
}

std::string Products::DefaultMethod(const Uuid& account_id) {
  return payments_.DefaultMethod(account_id).value_or("");
}

absl::StatusOr<ProductView> Products::Update(const Caller& caller, const Uuid& account_id,
                                             const Uuid& product_id, const std::string& etag,
                                             const core::ProductSettings& settings,
                                             const std::string& payment_method) {
  RETURN_IF_ERROR(RequireOwner(caller, account_id, "PRODUCT_NOT_FOUND"));
  const auto decide = [&](core::Aggregate& aggregate) -> absl::Status {
    if (aggregate.product.account_id != account_id) return NoProduct();
    RETURN_IF_ERROR(CheckEtag(etag, aggregate.product.version));
    return core::ChangeSettings(catalogue_, settings, aggregate, clock_.Now());
  };
  ASSIGN_OR_RETURN(core::Aggregate written, products_.Update(product_id, decide));
  return View(std::move(written), payment_method);
}

absl::StatusOr<std::vector<TermRow>> Products::Terms(const Caller& caller, const Uuid& account_id,
                                                     const Uuid& product_id, const std::string& after,
                                                     int limit) {
  RETURN_IF_ERROR(RequireOwner(caller, account_id, "PRODUCT_NOT_FOUND"));
  ASSIGN_OR_RETURN(const core::Aggregate aggregate, products_.Load(product_id));
  if (aggregate.product.account_id != account_id) return NoProduct();
  return products_.Terms(product_id, after, limit);
}

}  // namespace perennial::subscription
