#pragma once

#include "absl/status/status.h"
#include "libs/base/clock.h"
#include "libs/base/event.h"
#include "services/domain_mailbox/app/ports.h"

namespace perennial::domain_mailbox {

// Takes in the facts of others that end something here. Called inside the inbox's transaction; late and
// repeated facts do no harm.
class ProductEndings {
 public:
  ProductEndings(ProductStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  // subscription's product.expired and product.deleted; others are of no interest.
  absl::Status OnSubscriptionEvent(const Event& event);
  // account's account.deleted (R7).
  absl::Status OnAccountEvent(const Event& event);

 private:
  ProductStore& store_;
  const Clock& clock_;
};

}  // namespace perennial::domain_mailbox
