#include "services/billing/core/credit_note.h"
#include "services/billing/core/tax.h"
#include "tests/conformance/cases.h"

// Tax, and its rounding: once for a rate, then allotted to the lines (R27).
namespace perennial::conformance {
namespace {

using billing::core::Bill;

Bill BillOf(const std::vector<int64_t>& nets, int rate_ppm) {
  std::vector<billing::core::ChargeLine> lines;
  for (const int64_t net : nets)
    lines.push_back({"", Uuid(), CivilDate(2027, 1, 1), CivilDate(2028, 1, 1), Money{"EUR", net}});
  return *billing::core::MakeBill(lines, {billing::core::TaxTreatment::kStandard, "FR", rate_ppm},
                                  billing::core::Language::kEnglish);
}

json TaxOfAPart(const json& in) {
  const int64_t net = Rational(in.at("price_minor").get<int64_t>() * in.at("unused_days").get<int64_t>(),
                               in.at("period_days").get<int>())
                          .Round();
  const Bill bill = BillOf({net}, in.at("rate_ppm"));
  return {{"net_minor", bill.net_minor}, {"tax_minor", bill.tax_minor}, {"total_minor", bill.total_minor}};
}

json CreditNotesOfEachItem(const json& in) {
  const Bill invoice = BillOf(in.at("items_minor").get<std::vector<int64_t>>(), in.at("rate_ppm"));
  std::vector<Bill> notes;
  int64_t sum = 0;
  for (const auto& line : invoice.lines) {
    const auto note = billing::core::CreditOf(invoice, notes, line.net_minor + line.tax_minor);
    notes.push_back(*note);
    sum += note->total_minor;
  }
  return {{"invoice_minor", invoice.total_minor}, {"sum_of_credit_notes_minor", sum}};
}

json CouponOverItems(const json& in) {
  const auto items = in.at("items_minor").get<std::vector<int64_t>>();
  const auto rates = in.at("rates_ppm").get<std::vector<int>>();
  const int64_t coupon = in.at("coupon_minor");
  int64_t sum = 0;
  for (const int64_t item : items) sum += item;
  std::vector<Rational> parts;
  for (const int64_t item : items) parts.push_back(Rational(Int128{coupon} * item, sum));
  const std::vector<int64_t> split = Allot(coupon, parts);
  // Each rate is rounded once, over all that it applies to.
  std::map<int, std::vector<int64_t>> nets;
  for (size_t i = 0; i < items.size(); ++i) nets[rates[i]].push_back(items[i] - split[i]);
  std::map<int, Bill> bills;
  std::map<int, size_t> next;
  for (const auto& [rate, of_rate] : nets) bills[rate] = BillOf(of_rate, rate);
  json taxes = json::array();
  for (const int rate : rates) taxes.push_back(bills[rate].lines[next[rate]++].tax_minor);
  int64_t net = 0;
  int64_t tax = 0;
  for (const auto& [rate, bill] : bills) {
    net += bill.net_minor;
    tax += bill.tax_minor;
  }
  return {{"coupon_minor", split},
          {"tax_minor", taxes},
          {"net_minor", net},
          {"tax_sum_minor", tax},
          {"total_minor", net + tax}};
}

json TaxOfANet(const json& in) {
  const Bill bill = BillOf({in.at("net_minor").get<int64_t>()}, in.at("rate_ppm"));
  return {{"tax_minor", bill.tax_minor}, {"total_minor", bill.total_minor}};
}

}  // namespace

void AddTaxCases(Plays& plays) {
  plays["tax_rounding_credit_note"] = TaxOfAPart;
  plays["LG-R05"] = CreditNotesOfEachItem;
  plays["tax_coupon_allocation"] = CouponOverItems;
  plays["FB-R01"] = TaxOfANet;
}

}  // namespace perennial::conformance
