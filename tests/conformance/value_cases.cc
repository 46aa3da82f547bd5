#include <algorithm>

#include "services/subscription/core/pricing.h"
#include "tests/conformance/cases.h"
#include "tests/services/subscription/core/builders.h"

// What a part of a paid term is worth, and what an upgrade costs.
namespace perennial::conformance {
namespace {

using subscription::core::Repricing;
using subscription::core::Term;
using subscription::core::UnconsumedValue;

Term TermOf(CivilDate start, CivilDate end, int64_t paid_minor) {
  Term term;
  term.start = start;
  term.end = end;
  term.cycle_months = 12;
  term.paid_minor = paid_minor;
  term.value = Rational::Whole(paid_minor);
  term.whole_days = static_cast<int>(DaysBetween(start, end));
  return term;
}

Term TermOf(const json& period, int64_t paid_minor) {
  return TermOf(Date(period[0]), Date(period[1]), paid_minor);
}

// `new_price` is the whole cycle's.
Repricing Upgrade(const Term& term, CivilDate day, int64_t new_price) {
  return *subscription::core::PriceUpgrade({term}, day, [=](int) -> absl::StatusOr<Money> {
    return Money{"EUR", new_price};
  });
}

Term AfterUpgrade(const Term& term, CivilDate day, int64_t line) {
  return subscription::core::SplitTerms({term}, day, {{day, line}}, "next", Uuid(), absl::UnixEpoch()).back();
}

json PartOfATerm(const json& in) {
  const Term term = TermOf(in.at("period"), in.at("price_minor"));
  const Rational part =
      UnconsumedValue(term, Date(in.at("charged")[0])) - UnconsumedValue(term, Date(in.at("charged")[1]));
  return {{"amount_minor", part.Round()}};
}

json UpgradeKeepsExpiry(const json& in) {
  const Term term = TermOf(in.at("period"), in.at("old_minor"));
  const CivilDate day = Date(in.at("change"));
  const Repricing upgrade = Upgrade(term, day, in.at("new_minor"));
  return {{"debit_minor", upgrade.terms[0].new_price.Round()},
          {"credit_minor", upgrade.terms[0].unconsumed.Round()},
          {"net_minor", upgrade.net_minor},
          {"expiry", FormatDate(AfterUpgrade(term, day, upgrade.net_minor).end)}};
}

json CreditOfRest(const json& in) {
  return {{"credit_minor",
           UnconsumedValue(TermOf(in.at("period"), in.at("old_minor")), Date(in.at("change"))).Round()}};
}

json ChainedUpgradesOfADay(const json& in) {
  const CivilDate month_start = Date(in.at("month")[0]);
  const CivilDate month_end = Date(in.at("month")[1]);
  const json& steps = in.at("steps");
  const Rational with_tax(100 + in.at("tax_percent").get<int>(), 100);
  const CivilDate start = Date(steps[0][0]);
  // What is left of the month, bought at its price.
  const Term whole = TermOf(month_start, month_end, steps[0][1]);
  const int64_t first = UnconsumedValue(whole, start).Round();
  Term held = TermOf(start, month_end, first);
  held.whole_days = whole.whole_days;
  json debits = {first};
  json credits = json::array();
  for (size_t i = 1; i < steps.size(); ++i) {
    const CivilDate day = Date(steps[i][0]);
    const Repricing upgrade = Upgrade(held, day, steps[i][1]);
    debits.push_back(upgrade.terms[0].new_price.Round());
    credits.push_back((upgrade.terms[0].unconsumed * with_tax).Round());
    held = AfterUpgrade(held, day, upgrade.net_minor);
  }
  return {{"debits_minor", debits}, {"credits_with_tax_minor", credits}};
}

json ChainedUpgradesOfAYear(const json& in) {
  const CivilDate start = Date(in.at("first")[0]);
  const Term first = TermOf(start, AddMonths(start, 12), in.at("first")[1]);
  const Term second = AfterUpgrade(first, Date(in.at("second")[0]), in.at("second")[1]);
  return {{"credit_minor", UnconsumedValue(second, Date(in.at("third_on"))).Round()}};
}

json PricedByItsOwnCycle(const json& in) {
  const Term term = TermOf(in.at("period"), in.at("old_minor"));
  int cycle = 0;
  const auto upgrade = subscription::core::PriceUpgrade(
      {term}, Date(in.at("change")), [&](int cycle_months) -> absl::StatusOr<Money> {
        cycle = cycle_months;
        return Money{"EUR", in.at(cycle == 12 ? "new_year_minor" : "new_quarter_minor")};
      });
  return {{"priced_by", cycle == 12 ? "year" : "quarter"}, {"due_minor", upgrade->net_minor}};
}

json RoundedOnceAtTheEnd(const json& in) {
  const Repricing upgrade =
      Upgrade(TermOf(in.at("period"), in.at("old_minor")), Date(in.at("change")), in.at("new_minor"));
  return {{"credit_minor", upgrade.terms[0].unconsumed.Round()},
          {"debit_minor", upgrade.terms[0].new_price.Round()}};
}

Rational Decimal(const std::string& text) {
  const size_t point = text.find('.');
  std::string ten = "1" + std::string(text.size() - point - 1, '0');
  std::string digits = text;
  return Rational::Parse(digits.erase(point, 1), ten).value();
}

json ByCurrency(const json& in) {
  const Rational amount = Decimal(in.at("unit")) * Decimal(in.at("quantity"));
  const auto minor = [&](const char* currency) {
    Rational units = amount;
    for (int digit = 0; digit < CurrencyDigits(currency); ++digit) units = units * Rational::Whole(10);
    return units.Round();
  };
  return {{"USD", minor("USD")}, {"JPY", minor("JPY")}};
}

// The credit of an upgrade, by what was paid or by what the catalogue says meanwhile.
json BasisOfCredit(const json&) {
  using namespace subscription;
  const absl::Time bought = testing::Utc(2027, 1, 15);
  const absl::Time changed = testing::Utc(2027, 4, 1);
  const core::Aggregate plan = testing::PaidPlan(bought);
  core::Catalogue::Content dearer = testing::CatalogueContent();
  for (core::Plan& each : dearer.plans) {
    for (core::CyclePrice& price : each.prices) price.price.minor *= 2;
  }
  const core::Catalogue catalogue = *core::Catalogue::Make(dearer);
  const auto offer = core::OfferUpgrade(catalogue, plan, "platinum", "EUR", testing::kParis, changed);
  const CivilDate day = core::TodayOf(plan.product, changed);
  const Term& term = plan.terms[0];
  const Rational share(DaysBetween(day, term.end), term.whole_days);
  const auto due = [&](int64_t old_minor) {
    const int64_t new_minor = catalogue.PlanPrice("platinum", 12, "EUR")->minor;
    return (Rational::Whole(new_minor - old_minor) * share).Round();
  };
  const bool by_paid = offer->NetMinor() == due(term.paid_minor);
  const bool by_catalogue = offer->NetMinor() == due(catalogue.PlanPrice("gold", 12, "EUR")->minor);
  return {{"credit_basis", by_paid ? "price paid" : by_catalogue ? "price in the catalogue" : "neither"}};
}

}  // namespace

void AddValueCases(Plays& plays) {
  plays["proration"] = PartOfATerm;
  plays["proration_guard"] = PartOfATerm;
  plays["proration_upgrade_keep_expiry"] = UpgradeKeepsExpiry;
  plays["proration_upgrade"] = CreditOfRest;
  plays["chained_upgrade_credit"] = ChainedUpgradesOfADay;
  plays["chained_upgrade_negative"] = ChainedUpgradesOfAYear;
  plays["proration_negative"] = PricedByItsOwnCycle;
  plays["proration_early_rounding_negative"] = RoundedOnceAtTheEnd;
  plays["currency_rounding"] = ByCurrency;
  plays["price_snapshot"] = BasisOfCredit;
}

}  // namespace perennial::conformance
