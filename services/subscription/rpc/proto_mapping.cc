#include "services/subscription/rpc/proto_mapping.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/rpc/proto_values.h"

namespace perennial::subscription {
namespace {

std::string PlanName(const std::string& plan_id) {
  return plan_id.empty() ? "" : absl::StrCat("plans/", plan_id);
}

v1::ProductKind ToProto(core::ProductKind kind) {
  switch (kind) {
    case core::ProductKind::kPlan:
      return v1::PRODUCT_KIND_PLAN;
    case core::ProductKind::kDomain:
      return v1::PRODUCT_KIND_DOMAIN;
    case core::ProductKind::kMailbox:
      return v1::PRODUCT_KIND_MAILBOX;
  }
  return v1::PRODUCT_KIND_UNSPECIFIED;
}

v1::ProductState ToProto(core::ProductState state) {
  switch (state) {
    case core::ProductState::kPending:
      return v1::PRODUCT_STATE_PENDING;
    case core::ProductState::kActive:
      return v1::PRODUCT_STATE_ACTIVE;
    case core::ProductState::kExpired:
      return v1::PRODUCT_STATE_EXPIRED;
    case core::ProductState::kEnded:
      return v1::PRODUCT_STATE_ENDED;
    case core::ProductState::kReactivating:
      return v1::PRODUCT_STATE_REACTIVATING;
  }
  return v1::PRODUCT_STATE_UNSPECIFIED;
}

v1::ProductDeliveryState ToProto(core::DeliveryState state) {
  switch (state) {
    case core::DeliveryState::kNotNeeded:
      return v1::PRODUCT_DELIVERY_STATE_NOT_NEEDED;
    case core::DeliveryState::kPending:
      return v1::PRODUCT_DELIVERY_STATE_PENDING;
    case core::DeliveryState::kDone:
      return v1::PRODUCT_DELIVERY_STATE_DONE;
    case core::DeliveryState::kFailed:
      return v1::PRODUCT_DELIVERY_STATE_FAILED;
  }
  return v1::PRODUCT_DELIVERY_STATE_UNSPECIFIED;
}

v1::RenewalState ToProto(core::RenewalState state) {
  switch (state) {
    case core::RenewalState::kScheduled:
      return v1::RENEWAL_STATE_SCHEDULED;
    case core::RenewalState::kRetrying:
      return v1::RENEWAL_STATE_RETRYING;
    case core::RenewalState::kWaitingForMethod:
      return v1::RENEWAL_STATE_WAITING_FOR_METHOD;
    case core::RenewalState::kWaitingForCustomer:
      return v1::RENEWAL_STATE_WAITING_FOR_CUSTOMER;
    case core::RenewalState::kOff:
      return v1::RENEWAL_STATE_OFF;
    case core::RenewalState::kPaid:
      return v1::RENEWAL_STATE_PAID;
  }
  return v1::RENEWAL_STATE_UNSPECIFIED;
}

v1::TermState ToProto(core::TermState state) {
  switch (state) {
    case core::TermState::kActive:
      return v1::TERM_STATE_ACTIVE;
    case core::TermState::kReplaced:
      return v1::TERM_STATE_REPLACED;
    case core::TermState::kReversed:
      return v1::TERM_STATE_REVERSED;
  }
  return v1::TERM_STATE_UNSPECIFIED;
}

v1::OrderKind ToProto(core::OrderKind kind) {
  switch (kind) {
    case core::OrderKind::kPurchase:
      return v1::ORDER_KIND_PURCHASE;
    case core::OrderKind::kUpgrade:
      return v1::ORDER_KIND_UPGRADE;
    case core::OrderKind::kRenewal:
      return v1::ORDER_KIND_RENEWAL;
    case core::OrderKind::kAutomaticRenewal:
      return v1::ORDER_KIND_AUTOMATIC_RENEWAL;
  }
  return v1::ORDER_KIND_UNSPECIFIED;
}

v1::OrderState ToProto(core::OrderState state) {
  switch (state) {
    case core::OrderState::kOpen:
      return v1::ORDER_STATE_OPEN;
    case core::OrderState::kAwaitingPayment:
      return v1::ORDER_STATE_AWAITING_PAYMENT;
    case core::OrderState::kPastDue:
      return v1::ORDER_STATE_PAST_DUE;
    case core::OrderState::kPaid:
      return v1::ORDER_STATE_PAID;
    case core::OrderState::kDelivering:
      return v1::ORDER_STATE_DELIVERING;
    case core::OrderState::kDone:
      return v1::ORDER_STATE_DONE;
    case core::OrderState::kFailed:
      return v1::ORDER_STATE_FAILED;
    case core::OrderState::kCompensating:
      return v1::ORDER_STATE_COMPENSATING;
    case core::OrderState::kRefunded:
      return v1::ORDER_STATE_REFUNDED;
  }
  return v1::ORDER_STATE_UNSPECIFIED;
}

v1::OrderFailure ToProto(core::OrderFailure failure) {
  switch (failure) {
    case core::OrderFailure::kNone:
      return v1::ORDER_FAILURE_UNSPECIFIED;
    case core::OrderFailure::kPaymentDeclined:
      return v1::ORDER_FAILURE_PAYMENT_DECLINED;
    case core::OrderFailure::kPaymentMethodMissing:
      return v1::ORDER_FAILURE_PAYMENT_METHOD_MISSING;
    case core::OrderFailure::kPaymentNotConfirmed:
      return v1::ORDER_FAILURE_PAYMENT_NOT_CONFIRMED;
    case core::OrderFailure::kQuoteStale:
      return v1::ORDER_FAILURE_QUOTE_STALE;
    case core::OrderFailure::kDunningEnded:
      return v1::ORDER_FAILURE_DUNNING_ENDED;
    case core::OrderFailure::kAutoRenewOff:
      return v1::ORDER_FAILURE_AUTO_RENEW_OFF;
    case core::OrderFailure::kDeliveryRejected:
      return v1::ORDER_FAILURE_DELIVERY_REJECTED;
    case core::OrderFailure::kAccountDeleted:
      return v1::ORDER_FAILURE_ACCOUNT_DELETED;
    case core::OrderFailure::kSuperseded:
      return v1::ORDER_FAILURE_SUPERSEDED;
    case core::OrderFailure::kBillingRefused:
      return v1::ORDER_FAILURE_BILLING_REFUSED;
  }
  return v1::ORDER_FAILURE_UNSPECIFIED;
}

v1::QuoteState StateOf(const Quote& quote, absl::Time now) {
  if (quote.order_id) return v1::QUOTE_STATE_CONSUMED;
  return now < quote.expires_at ? v1::QUOTE_STATE_OPEN : v1::QUOTE_STATE_EXPIRED;
}

v1::NextRenewal ToProto(const ProductView& view, const core::NextRenewal& next) {
  v1::NextRenewal proto;
  proto.set_state(ToProto(next.state));
  if (next.attempt_at) *proto.mutable_attempt_time() = rpc::ToProto(*next.attempt_at);
  if (next.amount) *proto.mutable_amount() = rpc::ToProto(*next.amount);
  proto.set_payment_method(view.payment_method);
  if (const core::Order* order = core::OpenAutomaticRenewal(view.aggregate)) {
    if (order->total_minor)
      *proto.mutable_total() = rpc::ToProto(Money{order->offer.currency, *order->total_minor});
    proto.set_attempt_count(order->attempt_count);
    proto.set_last_decline_code(order->decline_code);
    proto.set_order(MakeChildName(order->account_id, "orders", order->id));
  }
  return proto;
}

void SetDates(const core::Product& product, v1::Product& proto) {
  if (!product.start) return;
  *proto.mutable_start_date() = rpc::ToProto(*product.start);
  *proto.mutable_expiry_date() = rpc::ToProto(core::ExpiryOf(product));
  if (product.ends_at) *proto.mutable_renewable_until_time() = rpc::ToProto(*product.ends_at);
}

}  // namespace

v1::Entitlements ToProto(const core::Plan& plan) {
  v1::Entitlements proto;
  proto.set_plan(PlanName(plan.id));
  proto.set_own_domain(plan.entitlements.own_domain);
  proto.set_mailboxes_max(plan.entitlements.mailboxes_max);
  proto.set_ecommerce(plan.entitlements.ecommerce);
  proto.set_design_tools(plan.entitlements.design_tools);
  proto.set_storage_mib(plan.entitlements.storage_mib);
  proto.set_pages_max(plan.entitlements.pages_max);
  proto.set_branded(plan.entitlements.branded);
  return proto;
}

v1::Plan ToPlanProto(const core::Plan& plan, const std::string& currency) {
  v1::Plan proto;
  proto.set_name(PlanName(plan.id));
  proto.set_plan_id(plan.id);
  proto.set_display_name(plan.display_name);
  proto.set_rank(plan.rank);
  proto.set_retired(plan.retired);
  *proto.mutable_entitlements() = ToProto(plan);
  for (const core::CyclePrice& price : plan.prices) {
    if (!currency.empty() && price.price.currency != currency) continue;
    v1::CyclePrice* added = proto.add_prices();
    added->set_cycle_months(price.cycle_months);
    *added->mutable_price() = rpc::ToProto(price.price);
  }
  return proto;
}

v1::Site ToProto(const SiteView& view) {
  v1::Site proto;
  const Site& site = view.site;
  proto.set_name(MakeChildName(site.account_id, "sites", site.id));
  proto.set_display_name(site.display_name);
  proto.set_plan(PlanName(view.plan_id));
  if (view.plan_product_id)
    proto.set_plan_product(MakeChildName(site.account_id, "products", *view.plan_product_id));
  *proto.mutable_create_time() = rpc::ToProto(site.created_at);
  *proto.mutable_update_time() = rpc::ToProto(site.updated_at);
  proto.set_etag(EtagOf(site.version));
  return proto;
}

v1::Product ToProto(const ProductView& view) {
  const core::Product& product = view.aggregate.product;
  v1::Product proto;
  proto.set_name(MakeChildName(product.account_id, "products", product.id));
  proto.set_kind(ToProto(product.kind));
  proto.set_display_name(product.display_name);
  if (product.site_id) proto.set_site(MakeChildName(product.account_id, "sites", *product.site_id));
  proto.set_plan(PlanName(view.plan_id));
  proto.set_domain_name(product.domain_name);
  proto.set_mailbox_address(product.mailbox_address);
  if (product.domain_product_id)
    proto.set_domain_product(MakeChildName(product.account_id, "products", *product.domain_product_id));
  proto.set_state(ToProto(product.state));
  proto.set_delivery_state(ToProto(product.delivery_state));
  proto.set_cycle_months(view.cycle_months);
  SetDates(product, proto);
  proto.set_time_zone(product.time_zone);
  proto.set_auto_renew(product.auto_renew);
  proto.set_auto_renew_effect(view.paid_ahead ? v1::AUTO_RENEW_EFFECT_NEXT_TERM
                                              : v1::AUTO_RENEW_EFFECT_THIS_TERM);
  *proto.mutable_next_renewal() = ToProto(view, view.next);
  proto.set_next_plan(PlanName(product.next_plan_id));
  proto.set_next_cycle_months(product.next_cycle_months);
  *proto.mutable_create_time() = rpc::ToProto(product.created_at);
  *proto.mutable_update_time() = rpc::ToProto(product.updated_at);
  proto.set_etag(EtagOf(product.version));
  return proto;
}

v1::Term ToProto(const TermRow& row) {
  const core::Term& term = row.term;
  v1::Term proto;
  proto.set_name(
      absl::StrCat(MakeChildName(row.account_id, "products", row.product_id), "/terms/", term.id.ToString()));
  proto.set_order(MakeChildName(row.account_id, "orders", term.order_id));
  proto.set_plan(PlanName(term.plan_id));
  proto.set_cycle_months(term.cycle_months);
  *proto.mutable_start_date() = rpc::ToProto(term.start);
  *proto.mutable_end_date() = rpc::ToProto(term.end);
  proto.set_time_zone(term.time_zone);
  *proto.mutable_paid() = rpc::ToProto(Money{row.currency, term.paid_minor});
  proto.set_state(ToProto(term.state));
  *proto.mutable_create_time() = rpc::ToProto(term.created_at);
  return proto;
}

v1::Quote ToProto(const Quote& quote, absl::Time now) {
  const core::Offer& offer = quote.offer;
  v1::Quote proto;
  proto.set_name(absl::StrCat(AccountName(quote.account_id), "/quotes/", quote.handle));
  proto.set_uid(quote.id.ToString());
  proto.set_state(StateOf(quote, now));
  for (const core::Line& line : offer.lines) {
    v1::QuoteLine* added = proto.add_lines();
    added->set_description(line.description);
    added->set_product(MakeChildName(quote.account_id, "products", offer.product_id));
    *added->mutable_term_start_date() = rpc::ToProto(line.start);
    *added->mutable_term_end_date() = rpc::ToProto(line.end);
    *added->mutable_net() = rpc::ToProto(Money{offer.currency, line.net_minor});
  }
  *proto.mutable_net() = rpc::ToProto(Money{offer.currency, offer.NetMinor()});
  *proto.mutable_tax() = rpc::ToProto(Money{offer.currency, quote.tax.tax_minor});
  *proto.mutable_total() = rpc::ToProto(Money{offer.currency, quote.tax.total_minor});
  for (const std::string& description : quote.tax.descriptions) proto.add_tax_descriptions(description);
  *proto.mutable_resulting_expiry_date() = rpc::ToProto(quote.resulting_expiry);
  proto.set_time_zone(offer.time_zone);
  *proto.mutable_expire_time() = rpc::ToProto(quote.expires_at);
  *proto.mutable_create_time() = rpc::ToProto(quote.created_at);
  if (quote.order_id) proto.set_order(MakeChildName(quote.account_id, "orders", *quote.order_id));
  return proto;
}

v1::Order ToProto(const core::Order& order) {
  const core::Offer& offer = order.offer;
  v1::Order proto;
  proto.set_name(MakeChildName(order.account_id, "orders", order.id));
  proto.set_kind(ToProto(offer.kind));
  proto.set_state(ToProto(core::StateOf(order)));
  proto.set_product(MakeChildName(order.account_id, "products", offer.product_id));
  if (order.quote_id) proto.set_quote(MakeChildName(order.account_id, "quotes", *order.quote_id));
  *proto.mutable_net() = rpc::ToProto(Money{offer.currency, offer.NetMinor()});
  if (order.total_minor) {
    *proto.mutable_tax() = rpc::ToProto(Money{offer.currency, *order.total_minor - offer.NetMinor()});
    *proto.mutable_total() = rpc::ToProto(Money{offer.currency, *order.total_minor});
  }
  *proto.mutable_term_start_date() = rpc::ToProto(offer.TermStart());
  *proto.mutable_term_end_date() = rpc::ToProto(offer.TermEnd());
  proto.set_invoice(order.invoice);
  proto.set_credit_note(order.credit_note);
  proto.set_payment_method(order.payment_method);
  if (order.charge_id) proto.set_charge(MakeChildName(order.account_id, "charges", *order.charge_id));
  proto.set_attempt_count(order.attempt_count);
  const bool attempt_planned = order.step == core::OrderStep::kWaiting && order.wait == core::Wait::kRung;
  if (attempt_planned && order.next_at) *proto.mutable_next_attempt_time() = rpc::ToProto(*order.next_at);
  proto.set_failure(ToProto(order.failure));
  proto.set_decline_code(order.decline_code);
  proto.set_action_url(order.action_url);
  *proto.mutable_create_time() = rpc::ToProto(order.created_at);
  *proto.mutable_update_time() = rpc::ToProto(order.updated_at);
  return proto;
}

}  // namespace perennial::subscription
