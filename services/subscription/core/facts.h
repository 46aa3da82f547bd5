#pragma once

#include <string>

#include "services/subscription/core/order.h"

namespace perennial::subscription::core {

// AIP-122 name of the aggregate's product.
std::string ProductName(const Product& product);
std::string OrderName(const Order& order);

// Adds a fact about the product. Its id derives from `once`, so the same fact is told once, whoever tells it.
Event& Tell(Aggregate& aggregate, const std::string& type, const std::string& once, absl::Time now);

// The same, with the order's amount and the state of its payment.
Event& TellOfOrder(Aggregate& aggregate, const Order& order, const std::string& type, const std::string& once,
                   absl::Time now);

}  // namespace perennial::subscription::core
