#pragma once

#include "libs/base/clock.h"
#include "services/subscription/app/ports.h"

namespace perennial::subscription {

// Deleting an account for good (R7). It is marked at once, so nothing new begins; a job ends its orders,
// waits for those that are charging, drops all rows and tells domain_mailbox.
class Deletions {
 public:
  Deletions(DeletionStore& deletions, ProductStore& products, const Clock& clock)
      : deletions_(deletions), products_(products), clock_(clock) {}

  // Inside the transaction of the event account.deleted.
  absl::Status OnAccountDeleted(const Uuid& account_id);

  // Job: moves a batch of deletions on. Returns how many accounts are gone.
  absl::StatusOr<int> RunDue();

 private:
  absl::StatusOr<bool> TryPurge(const Uuid& account_id);

  DeletionStore& deletions_;
  ProductStore& products_;
  const Clock& clock_;
};

}  // namespace perennial::subscription
