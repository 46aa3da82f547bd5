#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/rpc/proto_values.h"
#include "services/subscription/rpc/proto_mapping.h"

namespace perennial::subscription {
namespace {

constexpr int kDisplayNameMax = 100;
constexpr size_t kQuoteNameMax = 8192;
constexpr size_t kDomainNameMax = 1000;  // Unicode; what is a name is for domain_mailbox to say

int CodePoints(const std::string& text) {
  return static_cast<int>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool HasControls(const std::string& text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool IsLocalPart(const std::string& text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
}

// The id in a name of the same account; anything else does not exist for this caller.
absl::StatusOr<Uuid> OwnChild(const std::string& name, absl::string_view collection, const Uuid& account_id,
                              absl::string_view reason) {
  ASSIGN_OR_RETURN(const ChildName child, ChildFromProto(name, collection, reason));
  if (child.account_id != account_id) return NotFound(reason, "there is nothing of this name");
  return child.id;
}

absl::StatusOr<QuoteItem> ItemOf(const v1::PlanPurchase& item, const Uuid& account_id) {
  PlanPurchase purchase;
  ASSIGN_OR_RETURN(purchase.site_id, OwnChild(item.site(), "sites", account_id, "SITE_NOT_FOUND"));
  ASSIGN_OR_RETURN(purchase.plan_id, PlanFromProto(item.plan()));
  if (purchase.plan_id == core::kFreePlan)
    return InvalidField("plan_purchase.plan", "plans/free is not bought");
  purchase.cycle_months = item.cycle_months();
  return purchase;
}

absl::StatusOr<QuoteItem> ItemOf(const v1::DomainPurchase& item, const Uuid& account_id) {
  FieldViolations violations;
  violations.Require(!item.domain_name().empty() && item.domain_name().size() <= kDomainNameMax,
                     "domain_purchase.domain_name", "is required, and at most 253 characters");
  violations.Require(item.years() >= 1 && item.years() <= 10, "domain_purchase.years", "must be 1 to 10");
  RETURN_IF_ERROR(violations.ToStatus());
  DomainPurchase purchase{item.domain_name(), item.years(), std::nullopt};
  if (!item.site().empty()) {
    ASSIGN_OR_RETURN(purchase.site_id, OwnChild(item.site(), "sites", account_id, "SITE_NOT_FOUND"));
  }
  return purchase;
}

absl::StatusOr<QuoteItem> ItemOf(const v1::MailboxPurchase& item, const Uuid& account_id) {
  if (!IsLocalPart(item.local_part()))
    return InvalidField("mailbox_purchase.local_part", "must be 1 to 64 of a-z 0-9 . _ -");
  MailboxPurchase purchase;
  ASSIGN_OR_RETURN(purchase.domain_product_id,
                   OwnChild(item.domain_product(), "products", account_id, "PRODUCT_NOT_FOUND"));
  purchase.local_part = item.local_part();
  purchase.cycle_months = item.cycle_months();
  return purchase;
}

absl::StatusOr<QuoteItem> ItemOf(const v1::Upgrade& item, const Uuid& account_id) {
  UpgradeWish wish;
  ASSIGN_OR_RETURN(wish.product_id, OwnChild(item.product(), "products", account_id, "PRODUCT_NOT_FOUND"));
  ASSIGN_OR_RETURN(wish.plan_id, PlanFromProto(item.plan()));
  return wish;
}

absl::StatusOr<QuoteItem> ItemOf(const v1::Renewal& item, const Uuid& account_id) {
  if (item.cycle_months() < 0) return InvalidField("renewal.cycle_months", "must not be negative");
  RenewalWish wish;
  ASSIGN_OR_RETURN(wish.product_id, OwnChild(item.product(), "products", account_id, "PRODUCT_NOT_FOUND"));
  wish.cycle_months = item.cycle_months();
  wish.accept_redemption = item.accept_redemption();
  return wish;
}

absl::StatusOr<std::optional<core::ProductKind>> KindFromProto(v1::ProductKind kind) {
  switch (kind) {
    case v1::PRODUCT_KIND_UNSPECIFIED:
      return std::nullopt;
    case v1::PRODUCT_KIND_PLAN:
      return core::ProductKind::kPlan;
    case v1::PRODUCT_KIND_DOMAIN:
      return core::ProductKind::kDomain;
    case v1::PRODUCT_KIND_MAILBOX:
      return core::ProductKind::kMailbox;
    default:
      return InvalidField("kind", "is not one of ProductKind");
  }
}

absl::StatusOr<std::optional<core::ProductState>> StateFromProto(v1::ProductState state) {
  switch (state) {
    case v1::PRODUCT_STATE_UNSPECIFIED:
      return std::nullopt;
    case v1::PRODUCT_STATE_PENDING:
      return core::ProductState::kPending;
    case v1::PRODUCT_STATE_ACTIVE:
      return core::ProductState::kActive;
    case v1::PRODUCT_STATE_EXPIRED:
      return core::ProductState::kExpired;
    case v1::PRODUCT_STATE_ENDED:
      return core::ProductState::kEnded;
    case v1::PRODUCT_STATE_REACTIVATING:
      return core::ProductState::kReactivating;
    default:
      return InvalidField("state", "is not one of ProductState");
  }
}

}  // namespace

absl::StatusOr<ChildName> ChildFromProto(const std::string& name, absl::string_view collection,
                                         absl::string_view reason) {
  const auto child = ParseChildName(name, collection);
  if (!child) return NotFound(reason, "there is nothing of this name");
  return *child;
}

absl::StatusOr<QuoteName> QuoteNameFromProto(const std::string& name) {
  const bool is_short = name.size() <= kQuoteNameMax;
  const std::vector<std::string> parts = absl::StrSplit(is_short ? name : "", absl::MaxSplits('/', 4));
  const bool is_name = parts.size() == 4 && parts[0] == "accounts" && parts[2] == "quotes";
  const auto account_id = is_name ? Uuid::Parse(parts[1]) : absl::InvalidArgumentError("");
  if (!account_id.ok()) return NotFound("QUOTE_NOT_FOUND", "there is no such quote");
  return QuoteName{*account_id, parts[3]};
}

absl::StatusOr<Uuid> AccountFromProto(const std::string& name) {
  const auto account_id = ParseAccountName(name);
  if (!account_id) return NotFound("ACCOUNT_NOT_FOUND", "there is no such account");
  return *account_id;
}

absl::StatusOr<std::string> PlanFromProto(const std::string& name) {
  absl::string_view id = name;
  if (!absl::ConsumePrefix(&id, "plans/") || id.empty() || id.size() > 50)
    return NotFound("PLAN_NOT_FOUND", "the catalogue has no such plan");
  return std::string(id);
}

absl::StatusOr<std::string> DisplayNameFromProto(const std::string& text, absl::string_view field) {
  const bool ok = !text.empty() && CodePoints(text) <= kDisplayNameMax && !HasControls(text);
  if (!ok) return InvalidField(field, "must be 1 to 100 characters, none of them control characters");
  return text;
}

absl::StatusOr<QuoteItem> FromProto(const v1::CreateQuoteRequest& request, const Uuid& account_id) {
  if (!IsCurrencyCode(request.currency_code()))
    return InvalidField("currency_code", "must be three upper-case letters of ISO 4217");
  switch (request.item_case()) {
    case v1::CreateQuoteRequest::kPlanPurchase:
      return ItemOf(request.plan_purchase(), account_id);
    case v1::CreateQuoteRequest::kDomainPurchase:
      return ItemOf(request.domain_purchase(), account_id);
    case v1::CreateQuoteRequest::kMailboxPurchase:
      return ItemOf(request.mailbox_purchase(), account_id);
    case v1::CreateQuoteRequest::kUpgrade:
      return ItemOf(request.upgrade(), account_id);
    case v1::CreateQuoteRequest::kRenewal:
      return ItemOf(request.renewal(), account_id);
    case v1::CreateQuoteRequest::ITEM_NOT_SET:
      break;
  }
  return InvalidField("item", "is required");
}

absl::StatusOr<ProductFilter> FromProto(const v1::ListProductsRequest& request) {
  ProductFilter filter;
  ASSIGN_OR_RETURN(filter.kind, KindFromProto(request.kind()));
  ASSIGN_OR_RETURN(filter.state, StateFromProto(request.state()));
  if (request.has_expiring_before_date()) {
    ASSIGN_OR_RETURN(filter.expiring_before,
                     rpc::FromProto(request.expiring_before_date(), "expiring_before_date"));
  }
  switch (request.order_by()) {
    case v1::PRODUCT_ORDER_UNSPECIFIED:
    case v1::PRODUCT_ORDER_EXPIRY_ASCENDING:
      return filter;
    case v1::PRODUCT_ORDER_EXPIRY_DESCENDING:
      filter.descending = true;
      return filter;
    default:
      return InvalidField("order_by", "is not one of ProductOrder");
  }
}

absl::StatusOr<core::ProductSettings> FromProto(const v1::UpdateProductRequest& request) {
  core::ProductSettings settings;
  if (request.update_mask().paths().empty()) return InvalidField("update_mask", "is required");
  for (const std::string& path : request.update_mask().paths()) {
    if (path == "auto_renew") {
      settings.auto_renew = request.product().auto_renew();
    } else if (path == "next_plan") {
      settings.next_plan_id = "";
      if (!request.product().next_plan().empty()) {
        ASSIGN_OR_RETURN(settings.next_plan_id, PlanFromProto(request.product().next_plan()));
      }
    } else if (path == "next_cycle_months") {
      if (request.product().next_cycle_months() < 0)
        return InvalidField("product.next_cycle_months", "must not be negative");
      settings.next_cycle_months = request.product().next_cycle_months();
    } else {
      return InvalidField("update_mask", "may name auto_renew, next_plan, next_cycle_months");
    }
  }
  return settings;
}

}  // namespace perennial::subscription
