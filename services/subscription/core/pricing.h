#pragma once

#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "services/subscription/core/product.h"

namespace perennial::subscription::core {

// One unconsumed term, re-priced from a day on.
struct RepricedTerm {
  Uuid term_id;
  CivilDate from;  // the first day of the new price: the day of the change, or the term's start
  CivilDate end;
  Rational unconsumed;     // what was really paid for [from, end)
  Rational new_price;      // of [from, end), at the term's own cycle
  int64_t line_minor = 0;  // this term's share of the difference
};

// The price of a move to a dearer plan (R10).
struct Repricing {
  int64_t net_minor = 0;
  std::vector<RepricedTerm> terms;  // by start
};

// Prices `cycle_months` of the new plan; refuses what the catalogue lacks.
using PriceOfCycle = std::function<absl::StatusOr<Money>(int cycle_months)>;

// Re-prices every term that is not over on `day`, which itself counts as remaining (docs/architecture.md,
// Money): new price of the term's cycle × remaining/whole, less the unconsumed value of what was really paid.
// Exact, and rounded once, at the net. Never negative: a fall of prices is not paid out.
absl::StatusOr<Repricing> PriceUpgrade(const std::vector<Term>& terms, CivilDate day,
                                       const PriceOfCycle& price_of);

// What `term` is worth from `day` on.
Rational UnconsumedValue(const Term& term, CivilDate day);

// What an upgrade costs for the term that counts on `from`.
struct UpgradeLine {
  CivilDate from;
  int64_t net_minor = 0;
};

// Replaces the terms that an upgrade re-priced from `day` on: splits the current one, conserves value, keeps
// every date. A term without a line stays as it is. New ids derive from `order_id`.
std::vector<Term> SplitTerms(const std::vector<Term>& terms, CivilDate day,
                             const std::vector<UpgradeLine>& lines, const std::string& plan_id,
                             const Uuid& order_id, absl::Time now);

// The term that a purchase or renewal of `cycle_months` buys: from the end of what is paid (R12).
Term NextTerm(const Product& product, const std::string& plan_id, int cycle_months, int64_t net_minor,
              const std::string& zone, const Uuid& order_id, absl::Time now);

}  // namespace perennial::subscription::core
