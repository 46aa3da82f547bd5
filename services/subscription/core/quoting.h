#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/subscription/core/catalogue.h"
#include "services/subscription/core/order.h"

// What things cost now. An offer is what a quote promises and an order takes.
namespace perennial::subscription::core {

// What is to be known of the account.
struct Customer {
  std::string language;
  std::string time_zone;
};

// A new product that starts today; `product` is filled but for what the payment sets.
absl::StatusOr<Offer> OfferPurchase(const Catalogue& catalogue, const Product& product,
                                    const Customer& customer, absl::Time now);

// NOT_AN_UPGRADE, PLAN_NOT_FOUND, PRODUCT_INACTIVE, ORDER_IN_PROGRESS, CURRENCY_MISMATCH.
absl::StatusOr<Offer> OfferUpgrade(const Catalogue& catalogue, const Aggregate& aggregate,
                                   const std::string& plan_id, const std::string& currency,
                                   const Customer& customer, absl::Time now);

// `cycle_months` 0: as the next automatic renewal. PRODUCT_NOT_RENEWABLE, RENEWAL_TOO_FAR, CYCLE_NOT_OFFERED,
// REDEMPTION_CONSENT_REQUIRED, ORDER_IN_PROGRESS, CURRENCY_MISMATCH.
absl::StatusOr<Offer> OfferRenewal(const Catalogue& catalogue, const Aggregate& aggregate, int cycle_months,
                                   bool accept_redemption, const std::string& currency,
                                   const Customer& customer, absl::Time now);

// What the next automatic renewal would be, if it began now; plan and cycle changes counted in (R11).
absl::StatusOr<Offer> OfferAutomaticRenewal(const Catalogue& catalogue, const Aggregate& aggregate,
                                            const Customer& customer, absl::Time now);

// OK if the cycle is on offer for the product: for a plan those of R9, for a domain whole years. Prices it.
absl::StatusOr<Money> RenewalPrice(const Catalogue& catalogue, const Product& product,
                                   const std::string& plan_id, int cycle_months);

// Days after its expiry in which the product can come back: a plan or mailbox to the end of the ladder (R18),
// a domain as long as its registry restores it (R20).
absl::StatusOr<int> ReturnDays(const Catalogue& catalogue, const Product& product);

// The first day on which renewing the domain means restoring it (R20); nothing for what is no domain.
std::optional<CivilDate> RedemptionFrom(const Catalogue& catalogue, const Product& product);
// Whether renewing now means restoring from redemption (R20).
bool InRedemption(const Catalogue& catalogue, const Product& product, absl::Time now);

// ORDER_IN_PROGRESS, naming the order.
absl::Status OrderInProgress(const Order& order);

// Starts the order of a quote, or refuses: QUOTE_STALE, ORDER_IN_PROGRESS, PRODUCT_INACTIVE,
// PRODUCT_NOT_RENEWABLE. A renewal by hand holds an automatic one that waits, so only one can charge (R23).
absl::Status StartOrder(Aggregate& aggregate, const Order& order, absl::Time now);

}  // namespace perennial::subscription::core
