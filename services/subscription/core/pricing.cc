#include "services/subscription/core/pricing.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/base/status_macros.h"

namespace perennial::subscription::core {
namespace {

Rational Share(int64_t days, int64_t of_days) {
  return Rational(days, of_days);
}

bool IsUnconsumed(const Term& term, CivilDate day) {
  return term.state == TermState::kActive && day < term.end;
}

// Lines are never negative (billing), so a term that became cheaper hands its difference to the others, in
// proportion; only which term carries the value differs, never the sum.
std::vector<int64_t> LinesOf(int64_t net, const std::vector<Rational>& differences) {
  const bool all_positive =
      std::none_of(differences.begin(), differences.end(), [](const Rational& d) { return d < Rational(); });
  if (all_positive) return Allot(net, differences);
  int64_t weight_sum = 0;
  std::vector<int64_t> weights;
  for (const Rational& difference : differences) {
    weights.push_back(std::max<int64_t>(0, difference.Round()));
    weight_sum += weights.back();
  }
  if (weight_sum == 0) {
    std::vector<int64_t> lines(differences.size(), 0);
    if (!lines.empty()) lines.front() = net;
    return lines;
  }
  std::vector<Rational> parts;
  for (const int64_t weight : weights) parts.push_back(Rational(Int128{net} * weight, weight_sum));
  return Allot(net, parts);
}

Term PartOf(const Term& whole, CivilDate start, CivilDate end, const Uuid& id) {
  Term part = whole;
  part.id = id;
  part.start = start;
  part.end = end;
  return part;
}

}  // namespace

Rational UnconsumedValue(const Term& term, CivilDate day) {
  if (day <= term.start) return term.value;
  if (day >= term.end) return Rational();
  return term.value * Share(DaysBetween(day, term.end), DaysBetween(term.start, term.end));
}

absl::StatusOr<Repricing> PriceUpgrade(const std::vector<Term>& terms, CivilDate day,
                                       const PriceOfCycle& price_of) {
  Repricing repricing;
  std::vector<Rational> differences;
  Rational sum;
  for (const Term& term : terms) {
    if (!IsUnconsumed(term, day)) continue;
    ASSIGN_OR_RETURN(const Money price, price_of(term.cycle_months));
    const CivilDate from = std::max(term.start, day);
    RepricedTerm repriced{term.id,
                          from,
                          term.end,
                          UnconsumedValue(term, from),
                          Rational::Whole(price.minor) * Share(DaysBetween(from, term.end), term.whole_days),
                          0};
    differences.push_back(repriced.new_price - repriced.unconsumed);
    sum = sum + differences.back();
    repricing.terms.push_back(repriced);
  }
  repricing.net_minor = std::max<int64_t>(0, sum.Round());
  const std::vector<int64_t> lines = LinesOf(repricing.net_minor, differences);
  for (size_t i = 0; i < lines.size(); ++i) repricing.terms[i].line_minor = lines[i];
  return repricing;
}

std::vector<Term> SplitTerms(const std::vector<Term>& terms, CivilDate day,
                             const std::vector<UpgradeLine>& lines, const std::string& plan_id,
                             const Uuid& order_id, absl::Time now) {
  std::vector<Term> result;
  for (const Term& term : terms) {
    const CivilDate from = std::max(term.start, day);
    const auto line = std::find_if(lines.begin(), lines.end(),
                                   [&](const UpgradeLine& candidate) { return candidate.from == from; });
    if (!IsUnconsumed(term, day) || line == lines.end()) {
      result.push_back(term);
      continue;
    }
    Term replaced = term;
    replaced.state = TermState::kReplaced;
    result.push_back(replaced);
    const Rational unconsumed = UnconsumedValue(term, from);
    const int64_t moved = std::clamp<int64_t>(unconsumed.Round(), 0, term.paid_minor);
    const auto id = [&](absl::string_view part) {
      return Uuid::DeriveInOrder(order_id, absl::StrCat("term/", line - lines.begin(), "/", part));
    };
    if (term.start < from) {
      Term before = PartOf(term, term.start, from, id("before"));
      before.paid_minor = term.paid_minor - moved;
      before.value = term.value - unconsumed;
      before.created_at = now;
      result.push_back(before);
    }
    Term after = PartOf(term, from, term.end, id("after"));
    after.order_id = order_id;
    after.plan_id = plan_id;
    after.paid_minor = moved + line->net_minor;
    after.value = unconsumed + Rational::Whole(line->net_minor);
    after.created_at = now;
    result.push_back(after);
  }
  return result;
}

Term NextTerm(const Product& product, const std::string& plan_id, int cycle_months, int64_t net_minor,
              const std::string& zone, const Uuid& order_id, absl::Time now) {
  Term term;
  term.id = Uuid::DeriveInOrder(order_id, "term");
  term.order_id = order_id;
  term.plan_id = plan_id;
  term.cycle_months = cycle_months;
  term.start = ExpiryOf(product);
  term.end = DateAfter(product, product.paid_months + cycle_months);
  term.time_zone = zone;
  term.paid_minor = net_minor;
  term.value = Rational::Whole(net_minor);
  term.whole_days = static_cast<int>(DaysBetween(term.start, term.end));
  term.created_at = now;
  return term;
}

}  // namespace perennial::subscription::core
