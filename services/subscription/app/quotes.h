#pragma once

#include <optional>
#include <string>
#include <variant>

#include "libs/base/caller.h"
#include "libs/base/clock.h"
#include "libs/base/uuid.h"
#include "services/subscription/app/ports.h"

namespace perennial::subscription {

struct PlanPurchase {
  Uuid site_id;
  std::string plan_id;
  int cycle_months = 0;
};
struct DomainPurchase {
  std::string domain_name;
  int years = 0;
  std::optional<Uuid> site_id;
};
struct MailboxPurchase {
  Uuid domain_product_id;
  std::string local_part;
  int cycle_months = 0;
};
struct UpgradeWish {
  Uuid product_id;
  std::string plan_id;
};
struct RenewalWish {
  Uuid product_id;
  int cycle_months = 0;
  bool accept_redemption = false;
};
using QuoteItem = std::variant<PlanPurchase, DomainPurchase, MailboxPurchase, UpgradeWish, RenewalWish>;

// Prices that are promised for 15 minutes.
class Quotes {
 public:
  struct Peers {
    Accounts& accounts;
    Billing& billing;
    Delivery& delivery;
  };
  Quotes(const core::Catalogue& catalogue, ProductStore& products, SiteStore& sites, QuoteStore& quotes,
         TaxPositionStore& tax_positions, Peers peers, const Clock& clock, IdSource& ids)
      : catalogue_(catalogue),
        products_(products),
        sites_(sites),
        quotes_(quotes),
        tax_positions_(tax_positions),
        peers_(peers),
        clock_(clock),
        ids_(ids) {}

  // Prices an item. Refusals: see OrderService.CreateQuote.
  absl::StatusOr<Quote> Price(const Caller& caller, const Uuid& account_id, const QuoteItem& item,
                              const std::string& currency);
  // QUOTE_NOT_FOUND.
  absl::StatusOr<Quote> Get(const Caller& caller, const Uuid& account_id, const std::string& handle);
  // The account's billing profile changed its tax: what billing told before counts no more.
  absl::Status OnTaxChanged(const Uuid& account_id, int64_t revision);
  // Job: forgets what the release before this stored of quotes that became nothing.
  absl::StatusOr<int> Purge();

 private:
  absl::StatusOr<core::Customer> FindCustomer(const Uuid& account_id);
  absl::StatusOr<core::Aggregate> FindProduct(const Uuid& account_id, const Uuid& product_id);
  absl::Status RequireSite(const Uuid& account_id, const Uuid& site_id);
  // DOMAIN_INACTIVE, PRODUCT_NOT_FOUND.
  absl::StatusOr<core::Product> ActiveDomain(const Uuid& account_id, const Uuid& product_id);
  absl::StatusOr<core::Product> Draft(const Uuid& account_id, const PlanPurchase& item);
  absl::StatusOr<core::Product> Draft(const Uuid& account_id, const DomainPurchase& item);
  absl::StatusOr<core::Product> Draft(const Uuid& account_id, const MailboxPurchase& item);
  // What `quote` is of and costs before tax; its account and currency are there.
  // Returns the account's tax position, if it is known.
  absl::StatusOr<std::optional<TaxPosition>> Fill(const Caller& caller, const UpgradeWish& item,
                                                  Quote& quote);
  absl::StatusOr<std::optional<TaxPosition>> Fill(const Caller& caller, const RenewalWish& item,
                                                  Quote& quote);
  template <typename Purchase>
  absl::StatusOr<std::optional<TaxPosition>> Fill(const Caller& caller, const Purchase& item, Quote& quote);
  // Computed from `known` while that holds, else asked of billing.
  absl::Status AddTax(const std::optional<TaxPosition>& known, Quote& quote);

  const core::Catalogue& catalogue_;
  ProductStore& products_;
  SiteStore& sites_;
  QuoteStore& quotes_;
  TaxPositionStore& tax_positions_;
  const Peers peers_;
  const Clock& clock_;
  IdSource& ids_;
};

}  // namespace perennial::subscription
