#include "services/subscription/app/quotes.h"

#include "libs/base/error.h"
#include "libs/base/resource_name.h"
#include "libs/base/status_macros.h"
#include "services/subscription/app/ownership.h"
#include "services/subscription/core/facts.h"

namespace perennial::subscription {
namespace {

constexpr absl::Duration kValidFor = absl::Minutes(15);
constexpr absl::Duration kKeepExpired = absl::Hours(24);

absl::Status NoProduct() {
  return NotFound("PRODUCT_NOT_FOUND", "there is no such product");
}

// A site's plan that is on its way is told as its order, one that is there as the product.
absl::Status PlanInTheWay(const core::Aggregate& aggregate) {
  if (aggregate.product.state == core::ProductState::kPending && !aggregate.orders.empty())
    return core::OrderInProgress(aggregate.orders.front());
  return Refusal(absl::StatusCode::kFailedPrecondition, "PLAN_ALREADY_ACTIVE",
                 "the site has a paid plan already", {{"product", core::ProductName(aggregate.product)}});
}

absl::Status NotAvailable(const Availability& found, absl::string_view reason, absl::StatusCode code) {
  if (found.state == Availability::State::kUnknown)
    return Unavailable("SERVICE_UNAVAILABLE", "the registrar does not answer; try again");
  return Refusal(code, reason, "it is taken or reserved; choose another");
}

}  // namespace

absl::StatusOr<core::Customer> Quotes::FindCustomer(const Uuid& account_id) {
  ASSIGN_OR_RETURN(const auto found, peers_.accounts.Find({account_id}));
  const auto it = found.find(account_id);
  if (it == found.end()) return NotFound("ACCOUNT_NOT_FOUND", "there is no such account");
  if (it->second.deleted) return Precondition("ACCOUNT_DELETED", "the account was deleted");
  return it->second.customer;
}

absl::StatusOr<core::Aggregate> Quotes::FindProduct(const Uuid& account_id, const Uuid& product_id) {
  ASSIGN_OR_RETURN(core::Aggregate aggregate, products_.Load(product_id));
  if (aggregate.product.account_id != account_id) return NoProduct();
  return aggregate;
}

absl::Status Quotes::RequireSite(const Uuid& account_id, const Uuid& site_id) {
  ASSIGN_OR_RETURN(const std::optional<Site> site, sites_.Find(account_id, site_id));
  return site ? absl::OkStatus() : NotFound("SITE_NOT_FOUND", "there is no such site");
}

absl::StatusOr<core::Product> Quotes::Draft(const Uuid& account_id, const PlanPurchase& item) {
  RETURN_IF_ERROR(RequireSite(account_id, item.site_id));
  ASSIGN_OR_RETURN(const core::Plan plan, catalogue_.FindPlanOnSale(item.plan_id));
  ASSIGN_OR_RETURN(const auto present, sites_.ProductsOf({item.site_id}));
  for (const core::Aggregate& aggregate : present) {
    if (aggregate.product.kind == core::ProductKind::kPlan) return PlanInTheWay(aggregate);
  }
  core::Product product;
  product.kind = core::ProductKind::kPlan;
  product.display_name = plan.display_name;
  product.site_id = item.site_id;
  product.plan_id = plan.id;
  product.cycle_months = item.cycle_months;
  return product;
}

absl::StatusOr<core::Product> Quotes::Draft(const Uuid& account_id, const DomainPurchase& item) {
  if (item.site_id) RETURN_IF_ERROR(RequireSite(account_id, *item.site_id));
  ASSIGN_OR_RETURN(const Availability found, peers_.delivery.CheckDomain(item.domain_name));
  if (found.state != Availability::State::kAvailable)
    return NotAvailable(found, "DOMAIN_UNAVAILABLE", absl::StatusCode::kFailedPrecondition);
  core::Product product;
  product.kind = core::ProductKind::kDomain;
  product.display_name = found.display_name;
  product.site_id = item.site_id;
  product.domain_name = found.domain_name;
  product.cycle_months = item.years * 12;
  product.delivery_state = core::DeliveryState::kPending;
  return product;
}

absl::StatusOr<core::Product> Quotes::ActiveDomain(const Uuid& account_id, const Uuid& product_id) {
  ASSIGN_OR_RETURN(const core::Aggregate domain, FindProduct(account_id, product_id));
  if (domain.product.kind != core::ProductKind::kDomain) return NoProduct();
  if (domain.product.state != core::ProductState::kActive)
    return Precondition("DOMAIN_INACTIVE", "the mailbox's domain is not active; renew the domain first");
  return domain.product;
}

absl::StatusOr<core::Product> Quotes::Draft(const Uuid& account_id, const MailboxPurchase& item) {
  RETURN_IF_ERROR(ActiveDomain(account_id, item.domain_product_id).status());
  ASSIGN_OR_RETURN(const Availability found,
                   peers_.delivery.CheckMailbox(account_id, item.domain_product_id, item.local_part));
  if (found.state != Availability::State::kAvailable)
    return NotAvailable(found, "MAILBOX_EXISTS", absl::StatusCode::kAlreadyExists);
  core::Product product;
  product.kind = core::ProductKind::kMailbox;
  product.display_name = product.mailbox_address = found.address;
  product.domain_product_id = item.domain_product_id;
  product.local_part = item.local_part;
  product.cycle_months = item.cycle_months;
  product.delivery_state = core::DeliveryState::kPending;
  return product;
}

absl::StatusOr<std::optional<TaxPosition>> Quotes::Fill(const Caller& caller, const UpgradeWish& item,
                                                        Quote& quote) {
  ASSIGN_OR_RETURN(auto found, tax_positions_.FindWithProduct(quote.account_id, item.product_id));
  const core::Aggregate& aggregate = found.product;
  if (aggregate.product.account_id != quote.account_id) return NoProduct();
  // The product knows its time zone, and the caller's token the language (docs/adr, what a quote costs).
  core::Customer customer{caller.language, aggregate.product.time_zone};
  if (customer.language.empty()) {
    ASSIGN_OR_RETURN(customer, FindCustomer(quote.account_id));
  }
  ASSIGN_OR_RETURN(quote.offer, core::OfferUpgrade(catalogue_, aggregate, item.plan_id, quote.offer.currency,
                                                   customer, clock_.Now()));
  quote.resulting_expiry = core::ExpiryOf(aggregate.product);
  return std::move(found.position);
}

absl::StatusOr<std::optional<TaxPosition>> Quotes::Fill(const Caller&, const RenewalWish& item,
                                                        Quote& quote) {
  ASSIGN_OR_RETURN(const core::Customer customer, FindCustomer(quote.account_id));
  ASSIGN_OR_RETURN(const core::Aggregate aggregate, FindProduct(quote.account_id, item.product_id));
  // Nothing could be delivered, and the money would have to go back.
  if (aggregate.product.domain_product_id)
    RETURN_IF_ERROR(ActiveDomain(quote.account_id, *aggregate.product.domain_product_id).status());
  ASSIGN_OR_RETURN(quote.offer,
                   core::OfferRenewal(catalogue_, aggregate, item.cycle_months, item.accept_redemption,
                                      quote.offer.currency, customer, clock_.Now()));
  quote.resulting_expiry = quote.offer.TermEnd();
  return tax_positions_.Find(quote.account_id);
}

template <typename Purchase>
absl::StatusOr<std::optional<TaxPosition>> Quotes::Fill(const Caller&, const Purchase& item, Quote& quote) {
  ASSIGN_OR_RETURN(const core::Customer customer, FindCustomer(quote.account_id));
  ASSIGN_OR_RETURN(quote.draft, Draft(quote.account_id, item));
  quote.draft.id = ids_.Next();
  quote.draft.account_id = quote.account_id;
  quote.draft.currency = quote.offer.currency;
  quote.draft.time_zone = customer.time_zone;
  ASSIGN_OR_RETURN(quote.draft.return_days, core::ReturnDays(catalogue_, quote.draft));
  ASSIGN_OR_RETURN(quote.offer, core::OfferPurchase(catalogue_, quote.draft, customer, clock_.Now()));
  quote.resulting_expiry = quote.offer.TermEnd();
  return tax_positions_.Find(quote.account_id);
}

absl::Status Quotes::AddTax(const std::optional<TaxPosition>& known, Quote& quote) {
  if (!known || clock_.Now() >= known->ask_again_at) {
    ASSIGN_OR_RETURN(TaxAnswer answer, peers_.billing.PreviewTax(quote.account_id, quote.offer));
    quote.tax = std::move(answer.tax);
    return answer.position ? tax_positions_.Keep(quote.account_id, *answer.position) : absl::OkStatus();
  }
  std::vector<Money> nets;
  for (const core::Line& line : quote.offer.lines) nets.push_back({quote.offer.currency, line.net_minor});
  const auto language = quote.offer.language == "fr" ? tax::Language::kFrench : tax::Language::kEnglish;
  ASSIGN_OR_RETURN(const tax::Tax tax, tax::TaxOn(nets, known->position, language));
  quote.tax = {tax.tax_minor, tax.total_minor, {tax.description}};
  return absl::OkStatus();
}

absl::StatusOr<Quote> Quotes::Price(const Caller& caller, const Uuid& account_id, const QuoteItem& item,
                                    const std::string& currency) {
  RETURN_IF_ERROR(RequireOwner(caller, account_id, "ACCOUNT_NOT_FOUND"));
  if (!catalogue_.SellsIn(currency))
    return Refusal(absl::StatusCode::kInvalidArgument, "CURRENCY_NOT_OFFERED",
                   "there are no prices in this currency");
  Quote quote;
  quote.id = ids_.Next();
  quote.account_id = account_id;
  quote.offer.currency = currency;
  ASSIGN_OR_RETURN(const std::optional<TaxPosition> known,
                   std::visit([&](const auto& wish) { return Fill(caller, wish, quote); }, item));
  // An upgrade that costs nothing has no tax and no invoice either.
  if (quote.offer.NetMinor() > 0) RETURN_IF_ERROR(AddTax(known, quote));
  quote.created_at = clock_.Now();
  quote.expires_at = quote.created_at + kValidFor;
  quote.handle = quotes_.Seal(quote);
  return quote;
}

absl::Status Quotes::OnTaxChanged(const Uuid& account_id, int64_t revision) {
  return tax_positions_.Outdate(account_id, revision);
}

absl::StatusOr<Quote> Quotes::Get(const Caller& caller, const Uuid& account_id, const std::string& handle) {
  RETURN_IF_ERROR(RequireOwner(caller, account_id, "QUOTE_NOT_FOUND"));
  ASSIGN_OR_RETURN(const std::optional<Quote> quote, quotes_.Find(account_id, handle));
  if (!quote) return NotFound("QUOTE_NOT_FOUND", "there is no such quote");
  return *quote;
}

absl::StatusOr<int> Quotes::Purge() {
  return quotes_.Purge(clock_.Now() - kKeepExpired);
}

}  // namespace perennial::subscription
