#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libs/base/caller.h"
#include "libs/base/clock.h"
#include "services/subscription/app/ports.h"
#include "services/subscription/core/renewal_rules.h"

namespace perennial::subscription {

// A product as "My products" shows it (R13).
struct ProductView {
  core::Aggregate aggregate;
  core::NextRenewal next;
  std::string payment_method;  // that will be charged as things are; empty: none, or payment_token is away
  std::string plan_id;         // of the current term
  int cycle_months = 0;        // of the current term
  bool paid_ahead = false;
};

// What the customer has, and its switches (R11, R13, R14).
class Products {
 public:
  Products(const core::Catalogue& catalogue, ProductStore& products, Payments& payments, const Clock& clock)
      : catalogue_(catalogue), products_(products), payments_(payments), clock_(clock) {}

  absl::StatusOr<ProductView> Get(const Caller& caller, const Uuid& account_id, const Uuid& product_id);
  absl::StatusOr<std::vector<ProductView>> List(const Caller& caller, const Uuid& account_id,
                                                const ProductFilter& filter, const std::string& after,
                                                int limit);
  // The method that a renewal would charge (R16), for Update; empty: none, or payment_token is away.
  std::string DefaultMethod(const Uuid& account_id);
  // `etag`: empty, or the version that the change is based on. Asks no peer: runs in a transaction.
  absl::StatusOr<ProductView> Update(const Caller& caller, const Uuid& account_id, const Uuid& product_id,
                                     const std::string& etag, const core::ProductSettings& settings,
                                     const std::string& payment_method);
  absl::StatusOr<std::vector<TermRow>> Terms(const Caller& caller, const Uuid& account_id,
                                             const Uuid& product_id, const std::string& after, int limit);

 private:
  ProductView View(core::Aggregate aggregate, const std::string& payment_method);

  const core::Catalogue& catalogue_;
  ProductStore& products_;
  Payments& payments_;
  const Clock& clock_;
};

}  // namespace perennial::subscription
