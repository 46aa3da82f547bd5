// The part of Stripe's search query language that finds an intent again:
// `metadata['charge_id']:'42' AND status:'succeeded'` (https://docs.stripe.com/search).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulators/payment_gateway/core/records.h"

namespace perennial::gateway_simulator::core {

struct IntentClause {
  std::string field;         // metadata | status | customer | currency
  std::string metadata_key;  // for metadata
  std::string value;
};
using IntentQuery = std::vector<IntentClause>;  // all must hold

std::optional<IntentQuery> ParseIntentQuery(std::string_view text);
bool Matches(const IntentQuery& query, const Intent& intent);

}  // namespace perennial::gateway_simulator::core
