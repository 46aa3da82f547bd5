#pragma once

#include <mutex>
#include <vector>

#include "libs/base/clock.h"
#include "libs/base/uuid.h"
#include "services/subscription/app/orders.h"
#include "services/subscription/app/ports.h"
#include "services/subscription/core/renewal_rules.h"

namespace perennial::subscription {

// What time does to products (R15, R17–R19). Each job takes a batch of what is due and returns how many it
// changed; many processes may run it at once, because each product is decided on under its lock.
class Renewals {
 public:
  Renewals(const core::Catalogue& catalogue, ProductStore& products, Accounts& accounts, const Clock& clock,
           IdSource& ids, Meter& meter, Orders& orders)
      : catalogue_(catalogue),
        products_(products),
        accounts_(accounts),
        clock_(clock),
        ids_(ids),
        meter_(meter),
        orders_(orders) {}

  // Opens the orders of renewals that are due, and takes them as far as they go. Several threads may do so at
  // once: one opens while the others wait for the gateway.
  absl::StatusOr<int> RenewDue();
  absl::StatusOr<int> TellDue();
  absl::StatusOr<int> ExpireDue();
  absl::StatusOr<int> EndDue();

  // Inside the transaction of the event payment_method.created (R17).
  absl::Status OnPaymentMethod(const Uuid& account_id, const std::string& method);
  // The same for payment_method.deleted (R16).
  absl::Status OnPaymentMethodDeleted(const Uuid& account_id, const std::string& method);

 private:
  using Due = std::vector<ProductStore::Due>;
  // Whether it changed the product.
  using Rule = absl::FunctionRef<absl::StatusOr<bool>(core::Aggregate&)>;

  // The products that it changed.
  absl::StatusOr<std::vector<core::Aggregate>> ForEach(const Due& due, Rule rule);
  absl::StatusOr<int> CountEach(const Due& due, Rule rule);
  absl::StatusOr<std::vector<HeldOrder>> Open();
  absl::Status ForEachWaiting(const Uuid& account_id, absl::FunctionRef<bool(core::Aggregate&)> rule);
  absl::StatusOr<bool> OpenRenewal(const core::Customer& customer, core::Aggregate& aggregate);

  const core::Catalogue& catalogue_;
  ProductStore& products_;
  Accounts& accounts_;
  const Clock& clock_;
  IdSource& ids_;
  Meter& meter_;
  Orders& orders_;
  std::mutex opening_;  // so that threads of one process do not open the same ones
};

}  // namespace perennial::subscription
