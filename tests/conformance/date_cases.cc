#include "absl/strings/str_cat.h"
#include "services/subscription/core/pricing.h"
#include "tests/conformance/cases.h"

// Dates of terms: from the anchor, half-open, in the customer's zone (R15).
namespace perennial::conformance {
namespace {

using subscription::core::DateAfter;
using subscription::core::Product;
using subscription::core::Term;

Product Anchored(CivilDate anchor) {
  Product product;
  product.start = anchor;
  return product;
}

// The nth date of `anchor` is the last that is not after `day`.
int IndexOn(const Product& product, int months, CivilDate day) {
  int n = 0;
  while (DateAfter(product, (n + 1) * months) <= day) ++n;
  return n;
}

// Days of [start, end) that are left on `day`, and all.
std::pair<int64_t, int64_t> Left(CivilDate start, CivilDate end, CivilDate day) {
  Term term;
  term.start = start;
  term.end = end;
  term.value = Rational::Whole(DaysBetween(start, end));
  return {subscription::core::UnconsumedValue(term, day).Round(), DaysBetween(start, end)};
}

std::string Fraction(int64_t part, int64_t whole) {
  return absl::StrCat(part, "/", whole);
}

json FactorToNineDigits(const json& in) {
  Term term;
  term.end = Date(in.at("end"));
  term.start = AddMonths(term.end, -in.at("months").get<int>());
  constexpr int64_t kBillion = 1'000'000'000;
  term.value = Rational::Whole(kBillion);
  const int64_t digits = subscription::core::UnconsumedValue(term, Date(in.at("start"))).Round();
  return {{"factor", absl::StrCat("0.", digits)}};
}

json FactorToTheAnchor(const json& in) {
  const CivilDate start = Date(in.at("start"));
  const Product product = Anchored(CivilDate(start.year(), start.month(), in.at("anchor_day").get<int>()));
  const CivilDate next = DateAfter(product, in.at("months"));
  const auto [left, whole] = Left(*product.start, next, start);
  return {{"fraction", Fraction(left, whole)}, {"next_cycle", FormatDate(next)}};
}

json FactorsOfAChange(const json& in) {
  const CivilDate start = Date(in.at("start"));
  const auto [left, whole] = Left(start, AddMonths(start, in.at("months")), Date(in.at("change")));
  return {{"before", Fraction(whole - left, whole)}, {"after", Fraction(left, whole)}};
}

json FactorOfTheHead(const json& in) {
  const CivilDate start = Date(in.at("start"));
  const auto [left, whole] = Left(start, AddMonths(start, in.at("months")), Date(in.at("end")));
  return {{"fraction", Fraction(whole - left, whole)}};
}

// The day of the month is kept through short months: it is that of a month with 31 days.
Product AnchoredOnDay(CivilDate near, int day) {
  return Anchored(CivilDate(near.year() - 1, 12, day));
}

json FirstDateOfAnAnchor(const json& in) {
  const CivilDate start = Date(in.at("start"));
  const Product product = AnchoredOnDay(start, in.at("anchor_day"));
  CivilDate date = DateAfter(product, start.month());
  if (date < start) date = DateAfter(product, start.month() + in.at("months").get<int>());
  return {{"first_date", FormatDate(date)}};
}

json EndOfAPeriod(const json& in) {
  const CivilDate start = Date(in.at("start"));
  const Product product = AnchoredOnDay(start, in.at("anchor_day"));
  return {{"period_end", FormatDate(DateAfter(product, start.month() + in.at("months").get<int>()))}};
}

json DatesOfAnAnchor(const json& in) {
  const Product product = Anchored(Date(in.at("anchor")));
  json dates = json::array();
  for (int n = 1; n <= in.at("count"); ++n)
    dates.push_back(FormatDate(DateAfter(product, n * in.at("months").get<int>())));
  return {{"dates", dates}};
}

json EndOfTheTermOn(const json& in) {
  const Product product = Anchored(Date(in.at("anchor")));
  const int months = in.at("months");
  return {
      {"ends", FormatDate(DateAfter(product, (IndexOn(product, months, Date(in.at("on"))) + 1) * months))}};
}

json TermOfAnInstant(const json& in) {
  const Product product = Anchored(DateAt(Moment(in.at("anchor")), absl::UTCTimeZone()));
  const int months = in.at("months");
  const int n = IndexOn(product, months, DateAt(Moment(in.at("on")), absl::UTCTimeZone()));
  return {{"from", FormatDate(DateAfter(product, n * months))},
          {"to", FormatDate(DateAfter(product, (n + 1) * months))}};
}

json PeriodsInAZone(const json& in) {
  const Product product =
      Anchored(DateAt(Moment(in.at("bought_at")), *LoadTimeZone(in.at("zone").get<std::string>())));
  json periods = json::array();
  const int months = in.at("months");
  for (int n = 0; n < in.at("count"); ++n)
    periods.push_back(
        {FormatDate(DateAfter(product, n * months)), FormatDate(DateAfter(product, (n + 1) * months))});
  return {{"periods", periods}};
}

// Over the end of daylight saving: how many terms have begun, and what is left of the last.
json CancelledOverASummerTime(const json& in) {
  const std::string zone = in.at("zone");
  const absl::Time now = Moment(in.at("now"));
  const Product product = Anchored(DateAt(Moment(in.at("bought_at")), *LoadTimeZone(zone)));
  const int months = in.at("months");
  int begun = 1;
  while (subscription::core::StartOfDayAfter(DateAfter(product, begun * months), 0, zone) <= now) ++begun;
  const auto [left, whole] =
      Left(*product.start, DateAfter(product, begun * months), Date(in.at("cancelled_on")));
  return {{"invoices", begun}, {"credit_minor", left}};
}

}  // namespace

void AddDateCases(Plays& plays) {
  plays["proration_factor"] = FactorToNineDigits;
  plays["annual_factor"] = FactorToTheAnchor;
  plays["quarterly_factor"] = FactorsOfAChange;
  plays["monthly_factor"] = FactorOfTheHead;
  plays["first_billing_date"] = FirstDateOfAnAnchor;
  plays["KB-M08"] = EndOfAPeriod;
  plays["LG-M01"] = DatesOfAnAnchor;
  plays["month_end_negative"] = DatesOfAnAnchor;
  plays["LG-M03"] = EndOfTheTermOn;
  plays["LG-M05"] = EndOfTheTermOn;
  plays["OM-M02"] = TermOfAnInstant;
  plays["timezone"] = PeriodsInAZone;
  plays["timezone_dst"] = CancelledOverASummerTime;
}

}  // namespace perennial::conformance
