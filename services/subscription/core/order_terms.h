#pragma once

#include "services/subscription/core/order.h"

// What a paid order makes of its product and terms, and how that is undone.
namespace perennial::subscription::core {

// The one place where terms come from: what was paid becomes the customer's (R10, R12, R18).
void GiveTerms(Aggregate& aggregate, const Order& order, absl::Time now);
// Takes back what GiveTerms gave, as if it had not been.
void TakeBack(const DunningPolicy& policy, Aggregate& aggregate, const Order& order, absl::Time now);

}  // namespace perennial::subscription::core
