#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libs/base/caller.h"
#include "libs/base/clock.h"
#include "libs/base/uuid.h"
#include "services/subscription/app/order_steps.h"
#include "services/subscription/app/ports.h"

namespace perennial::subscription {

// How long a worker has an order for itself: longer than a batch may take, so that a lease ends only when its
// holder is gone.
inline constexpr absl::Duration kOrderLease = absl::Seconds(90);

// Purchases, upgrades and renewals, each taken once (R23).
class Orders {
 public:
  Orders(ProductStore& products, QuoteStore& quotes, DeletionStore& deletions, OrderSteps& steps,
         const Clock& clock, IdSource& ids, Meter& meter)
      : products_(products),
        quotes_(quotes),
        deletions_(deletions),
        steps_(steps),
        clock_(clock),
        ids_(ids),
        meter_(meter) {}

  // Turns a quote into its order; run in one transaction. `payment_method`: name, or empty for R16.
  // QUOTE_NOT_FOUND, QUOTE_EXPIRED, QUOTE_CONSUMED, QUOTE_STALE, ORDER_IN_PROGRESS, ACCOUNT_DELETED.
  absl::StatusOr<core::Order> Commit(const Caller& caller, const Uuid& account_id,
                                     const std::string& quote_handle, const std::string& payment_method);

  // Takes the order as far as it goes now, unless somebody else does already, and returns it as it is then.
  absl::StatusOr<core::Order> Drive(const Uuid& account_id, const Uuid& order_id);

  // ORDER_NOT_FOUND.
  absl::StatusOr<core::Order> Get(const Caller& caller, const Uuid& account_id, const Uuid& order_id);
  absl::StatusOr<std::vector<core::Order>> List(const Caller& caller, const OrderPage& page);

  // Job: a batch of the orders whose moment has come. Returns how many were moved.
  absl::StatusOr<int> RunDue();

  // Takes orders that the caller holds as far as they go now.
  absl::Status DriveHeld(std::vector<HeldOrder> held);

 private:
  absl::Status Start(const Quote& quote, const core::Order& order);
  absl::Status DriveClaimed(std::vector<Claim> claims);
  absl::StatusOr<std::vector<HeldOrder>> Hold(std::vector<Claim>& claims);
  absl::StatusOr<std::vector<HeldOrder>> TakeStep(std::vector<HeldOrder> held);

  ProductStore& products_;
  QuoteStore& quotes_;
  DeletionStore& deletions_;
  OrderSteps& steps_;
  const Clock& clock_;
  IdSource& ids_;
  Meter& meter_;
};

}  // namespace perennial::subscription
