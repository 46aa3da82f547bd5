#include "services/subscription/core/quoting.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/subscription/core/facts.h"
#include "services/subscription/core/pricing.h"
#include "services/subscription/core/texts.h"

namespace perennial::subscription::core {
namespace {

absl::Status CurrencyMismatch() {
  return Precondition("CURRENCY_MISMATCH", "the product was paid in another currency");
}

absl::Status NotRenewable() {
  return Precondition("PRODUCT_NOT_RENEWABLE", "the product has ended or the time to renew it is over");
}

bool IsRenewable(const Product& product, absl::Time now) {
  switch (product.state) {
    case ProductState::kPending:
    case ProductState::kEnded:
      return false;
    case ProductState::kActive:
    case ProductState::kExpired:
    case ProductState::kReactivating:
      return product.start && product.ends_at && now < *product.ends_at;
  }
  return false;
}

// An automatic renewal that waits for its next attempt may be overtaken by hand, by a renewal or an upgrade
// (R10); anything else may not.
const Order* InTheWay(const Aggregate& aggregate) {
  const Order* blocking = BlockingOrder(aggregate);
  if (blocking == nullptr) return nullptr;
  const bool may_be_held =
      blocking->offer.kind == OrderKind::kAutomaticRenewal && !IsCharging(aggregate, *blocking);
  return may_be_held ? nullptr : blocking;
}

std::string NameOf(const Catalogue& catalogue, const Product& product, const std::string& plan_id) {
  if (product.kind != ProductKind::kPlan) return product.display_name;
  const auto plan = catalogue.FindPlan(plan_id);
  return plan.ok() ? plan->display_name : product.display_name;
}

struct RenewalWish {
  OrderKind kind;
  int cycle_months;
  bool restore;
};

absl::StatusOr<Offer> MakeRenewalOffer(const Catalogue& catalogue, const Product& product,
                                       const RenewalWish& wish, const Customer& customer) {
  const std::string plan_id = product.next_plan_id.empty() ? product.plan_id : product.next_plan_id;
  ASSIGN_OR_RETURN(const Money price, RenewalPrice(catalogue, product, plan_id, wish.cycle_months));
  const CivilDate start = ExpiryOf(product);
  const CivilDate end = DateAfter(product, product.paid_months + wish.cycle_months);
  Offer offer;
  offer.kind = wish.kind;
  offer.product_id = product.id;
  offer.plan_id = plan_id;
  offer.plan_name = product.kind == ProductKind::kPlan ? NameOf(catalogue, product, plan_id) : "";
  offer.cycle_months = wish.cycle_months;
  offer.currency = product.currency;
  offer.restore = wish.restore;
  offer.language = customer.language;
  offer.time_zone = customer.time_zone;
  offer.paid_version = product.paid_version;
  const std::string name = NameOf(catalogue, product, plan_id);
  offer.lines.push_back(
      {TermText(product.kind, name, wish.cycle_months, customer.language), start, end, price.minor});
  if (wish.restore) {
    ASSIGN_OR_RETURN(const std::string tld, catalogue.TldOf(product.domain_name));
    ASSIGN_OR_RETURN(const DomainPrice domain, catalogue.FindDomainPrice(tld, product.currency));
    offer.lines.push_back(
        {RestoreText(product.display_name, customer.language), start, end, domain.redemption.minor});
  }
  return offer;
}

int NextCycle(const Product& product) {
  return product.next_cycle_months != 0 ? product.next_cycle_months : product.cycle_months;
}

// The paid terms that are not over on `day` and of a plan below `rank`: what an upgrade is of. One that was
// paid ahead may be of another plan than today's (R11).
absl::StatusOr<std::vector<Term>> TermsBelow(const Catalogue& catalogue, const std::vector<Term>& terms,
                                             CivilDate day, int rank) {
  std::vector<Term> below;
  for (const Term& term : terms) {
    if (term.state != TermState::kActive || term.end <= day) continue;
    ASSIGN_OR_RETURN(const Plan plan, catalogue.FindPlan(term.plan_id));
    if (plan.rank < rank) below.push_back(term);
  }
  return below;
}

absl::StatusOr<Money> FirstPrice(const Catalogue& catalogue, const Product& product) {
  switch (product.kind) {
    case ProductKind::kPlan:
      return catalogue.PlanPrice(product.plan_id, product.cycle_months, product.currency);
    case ProductKind::kMailbox:
      return catalogue.MailboxPrice(product.cycle_months, product.currency);
    case ProductKind::kDomain:
      break;
  }
  ASSIGN_OR_RETURN(const std::string tld, catalogue.TldOf(product.domain_name));
  ASSIGN_OR_RETURN(const DomainPrice price, catalogue.FindDomainPrice(tld, product.currency));
  if (price.retired)
    return Precondition("TLD_NOT_OFFERED", "names under this top-level domain are not sold any more");
  const int years = product.cycle_months / 12;
  if (years < 1 || years > price.years_max)
    return Refusal(absl::StatusCode::kInvalidArgument, "CYCLE_NOT_OFFERED", "not so many years at once");
  // The first year at its price, the others as renewals: what registries charge.
  return Money{product.currency, price.register_year.minor + price.renew_year.minor * (years - 1)};
}

}  // namespace

absl::Status OrderInProgress(const Order& order) {
  return Refusal(absl::StatusCode::kAborted, "ORDER_IN_PROGRESS", "another order for the same is under way",
                 {{"order", OrderName(order)}});
}

absl::StatusOr<Money> RenewalPrice(const Catalogue& catalogue, const Product& product,
                                   const std::string& plan_id, int cycle_months) {
  switch (product.kind) {
    case ProductKind::kPlan:
      return catalogue.PlanPrice(plan_id, cycle_months, product.currency);
    case ProductKind::kMailbox:
      return catalogue.MailboxPrice(cycle_months, product.currency);
    case ProductKind::kDomain:
      break;
  }
  ASSIGN_OR_RETURN(const std::string tld, catalogue.TldOf(product.domain_name));
  ASSIGN_OR_RETURN(const DomainPrice price, catalogue.FindDomainPrice(tld, product.currency));
  const int years = cycle_months / 12;
  if (cycle_months % 12 != 0 || years < 1 || years > price.years_max)
    return Refusal(absl::StatusCode::kInvalidArgument, "CYCLE_NOT_OFFERED",
                   "a domain renews for whole years");
  return Money{product.currency, price.renew_year.minor * years};
}

std::optional<CivilDate> RedemptionFrom(const Catalogue& catalogue, const Product& product) {
  if (product.kind != ProductKind::kDomain || !product.start) return std::nullopt;
  const auto tld = catalogue.TldOf(product.domain_name);
  if (!tld.ok()) return std::nullopt;
  const auto price = catalogue.FindDomainPrice(*tld, product.currency);
  return price.ok() ? std::optional(ExpiryOf(product) + price->redemption_after_days) : std::nullopt;
}

bool InRedemption(const Catalogue& catalogue, const Product& product, absl::Time now) {
  if (product.state != ProductState::kExpired) return false;
  const auto from = RedemptionFrom(catalogue, product);
  return from && TodayOf(product, now) >= *from;
}

absl::StatusOr<int> ReturnDays(const Catalogue& catalogue, const Product& product) {
  if (product.kind != ProductKind::kDomain)
    return catalogue.dunning().window_days - catalogue.dunning().lead_days;
  ASSIGN_OR_RETURN(const std::string tld, catalogue.TldOf(product.domain_name));
  ASSIGN_OR_RETURN(const DomainPrice price, catalogue.FindDomainPrice(tld, product.currency));
  return price.redemption_after_days + price.redemption_days - kRestoreMarginDays;
}

absl::StatusOr<Offer> OfferPurchase(const Catalogue& catalogue, const Product& product,
                                    const Customer& customer, absl::Time now) {
  ASSIGN_OR_RETURN(const Money price, FirstPrice(catalogue, product));
  const auto zone = LoadTimeZone(customer.time_zone);
  const CivilDate today = DateAt(now, zone.ok() ? *zone : absl::UTCTimeZone());
  Offer offer;
  offer.kind = OrderKind::kPurchase;
  offer.product_id = product.id;
  offer.plan_id = product.plan_id;
  offer.cycle_months = product.cycle_months;
  offer.currency = product.currency;
  offer.language = customer.language;
  offer.time_zone = customer.time_zone;
  offer.lines.push_back({TermText(product.kind, NameOf(catalogue, product, product.plan_id),
                                  product.cycle_months, customer.language),
                         today, AddMonths(today, product.cycle_months), price.minor});
  return offer;
}

absl::StatusOr<Offer> OfferUpgrade(const Catalogue& catalogue, const Aggregate& aggregate,
                                   const std::string& plan_id, const std::string& currency,
                                   const Customer& customer, absl::Time now) {
  const Product& product = aggregate.product;
  ASSIGN_OR_RETURN(const Plan wanted, catalogue.FindPlanOnSale(plan_id));
  if (product.kind != ProductKind::kPlan) return Precondition("NOT_AN_UPGRADE", "only plans can be upgraded");
  if (currency != product.currency) return CurrencyMismatch();
  if (const Order* order = InTheWay(aggregate)) return OrderInProgress(*order);
  const CivilDate today = product.start ? TodayOf(product, now) : CivilDate();
  const Term* current = product.start ? TermOn(aggregate.terms, today) : nullptr;
  if (product.state != ProductState::kActive || current == nullptr)
    return Precondition("PRODUCT_INACTIVE", "the product is not active; renew it first");
  ASSIGN_OR_RETURN(const std::vector<Term> below, TermsBelow(catalogue, aggregate.terms, today, wanted.rank));
  if (below.empty()) return Precondition("NOT_AN_UPGRADE", "the plan asked for is not of a higher rank");
  ASSIGN_OR_RETURN(const Plan present, catalogue.FindPlan(below.front().plan_id));
  ASSIGN_OR_RETURN(const Repricing repricing, PriceUpgrade(below, today, [&](int cycle_months) {
                     return catalogue.PlanPrice(plan_id, cycle_months, currency);
                   }));
  Offer offer;
  offer.kind = OrderKind::kUpgrade;
  offer.product_id = product.id;
  offer.plan_id = plan_id;
  offer.plan_name = wanted.display_name;
  offer.currency = currency;
  offer.change_date = today;
  offer.language = customer.language;
  offer.time_zone = product.time_zone;
  offer.paid_version = product.paid_version;
  // Less than the gateway charges at all, before tax: it could hardly ever be paid, so it is free.
  const bool is_waived =
      repricing.net_minor > 0 && repricing.net_minor < catalogue.LeastChargeMinor(currency);
  std::string text = UpgradeText(present.display_name, wanted.display_name, customer.language);
  if (is_waived) text += WaivedText(customer.language);
  for (const RepricedTerm& term : repricing.terms)
    offer.lines.push_back({text, term.from, term.end, is_waived ? 0 : term.line_minor});
  return offer;
}

absl::StatusOr<Offer> OfferRenewal(const Catalogue& catalogue, const Aggregate& aggregate, int cycle_months,
                                   bool accept_redemption, const std::string& currency,
                                   const Customer& customer, absl::Time now) {
  const Product& product = aggregate.product;
  if (currency != product.currency) return CurrencyMismatch();
  if (const Order* order = InTheWay(aggregate)) return OrderInProgress(*order);
  if (!IsRenewable(product, now)) return NotRenewable();
  const bool restore = InRedemption(catalogue, product, now);
  if (restore && !accept_redemption)
    return Precondition("REDEMPTION_CONSENT_REQUIRED",
                        "the domain is in redemption; consent to its price first");
  const int months = cycle_months != 0 ? cycle_months : NextCycle(product);
  ASSIGN_OR_RETURN(Offer offer,
                   MakeRenewalOffer(catalogue, product, {OrderKind::kRenewal, months, restore}, customer));
  // The term that the automatic renewal would buy now can be bought by hand too, however long it is (R12).
  const bool is_due =
      months == NextCycle(product) &&
      now >= StartOfDayAfter(ExpiryOf(product), -catalogue.dunning().lead_days, product.time_zone);
  if (!is_due && offer.TermEnd() > AddMonths(TodayOf(product, now), kMonthsAheadMax))
    return Precondition("RENEWAL_TOO_FAR", "the expiry would be more than 10 years ahead");
  return offer;
}

absl::StatusOr<Offer> OfferAutomaticRenewal(const Catalogue& catalogue, const Aggregate& aggregate,
                                            const Customer& customer, absl::Time now) {
  const Product& product = aggregate.product;
  if (!IsRenewable(product, now)) return NotRenewable();
  return MakeRenewalOffer(catalogue, product, {OrderKind::kAutomaticRenewal, NextCycle(product), false},
                          customer);
}

absl::Status StartOrder(Aggregate& aggregate, const Order& order, absl::Time now) {
  const Product& product = aggregate.product;
  if (const Order* other = InTheWay(aggregate)) return OrderInProgress(*other);
  if (product.paid_version != order.offer.paid_version)
    return Precondition("QUOTE_STALE", "the product changed since the quote; quote anew");
  if (order.offer.kind == OrderKind::kUpgrade && product.state != ProductState::kActive)
    return Precondition("PRODUCT_INACTIVE", "the product is not active; renew it first");
  if (order.offer.kind == OrderKind::kRenewal && !IsRenewable(product, now)) return NotRenewable();
  for (Order& other : aggregate.orders) {
    if (!other.IsOver() && !other.HasFailed() && !other.IsCompensating() && !other.held_by) {
      other.held_by = order.id;
      other.lease_until = std::nullopt;
      other.updated_at = now;
    }
  }
  aggregate.orders.push_back(order);
  return absl::OkStatus();
}

}  // namespace perennial::subscription::core
