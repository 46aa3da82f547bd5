#include "services/billing/core/credit_note.h"

#include "absl/strings/str_cat.h"
#include "libs/base/error.h"
#include "libs/base/money.h"
#include "libs/base/status_macros.h"

namespace perennial::billing::core {
namespace {

// `invoice` less `credited`.
Bill LeftOf(const Bill& invoice, const std::vector<Bill>& credited) {
  Bill left = invoice;
  for (const Bill& note : credited) {
    for (size_t i = 0; i < left.lines.size(); ++i) {
      left.lines[i].net_minor -= note.lines[i].net_minor;
      left.lines[i].tax_minor -= note.lines[i].tax_minor;
    }
    for (size_t i = 0; i < left.tax_lines.size(); ++i) {
      left.tax_lines[i].net_minor -= note.tax_lines[i].net_minor;
      left.tax_lines[i].tax_minor -= note.tax_lines[i].tax_minor;
    }
    left.net_minor -= note.net_minor;
    left.tax_minor -= note.tax_minor;
    left.total_minor -= note.total_minor;
  }
  return left;
}

// `amount` of what is left, in its proportions. No share exceeds what is left of it, because an exact share
// does not and is rounded up at most to the next whole number.
std::vector<int64_t> Share(int64_t amount, const std::vector<int64_t>& left) {
  int64_t sum = 0;
  for (int64_t part : left) sum += part;
  if (sum == 0) return std::vector<int64_t>(left.size(), 0);
  std::vector<Rational> exact;
  for (int64_t part : left) exact.push_back(Rational(Int128{part} * amount, sum));
  return Allot(amount, exact);
}

// Tax of `gross` out of a tax line's, as if credited at once.
int64_t TaxOf(const TaxLine& whole, int64_t gross) {
  const int64_t whole_gross = whole.net_minor + whole.tax_minor;
  if (whole_gross == 0) return 0;
  return Rational(Int128{whole.tax_minor} * gross, whole_gross).Round();
}

// Spreads a tax line's credit over the lines of its rate.
void SpreadOverLines(const TaxLine& credit, const Bill& left, Bill& note) {
  std::vector<size_t> indexes;
  std::vector<int64_t> nets;
  std::vector<int64_t> taxes;
  for (size_t i = 0; i < left.lines.size(); ++i) {
    if (left.lines[i].rate_ppm != credit.rate_ppm) continue;
    indexes.push_back(i);
    nets.push_back(left.lines[i].net_minor);
    taxes.push_back(left.lines[i].tax_minor);
  }
  const std::vector<int64_t> net_shares = Share(credit.net_minor, nets);
  const std::vector<int64_t> tax_shares = Share(credit.tax_minor, taxes);
  for (size_t k = 0; k < indexes.size(); ++k) {
    note.lines[indexes[k]].net_minor = net_shares[k];
    note.lines[indexes[k]].tax_minor = tax_shares[k];
  }
}

}  // namespace

absl::StatusOr<Bill> CreditOf(const Bill& invoice, const std::vector<Bill>& credited,
                              std::optional<int64_t> amount_minor) {
  const Bill left = LeftOf(invoice, credited);
  if (amount_minor && *amount_minor <= 0) {
    return AtField(
        Refusal(absl::StatusCode::kInvalidArgument, "AMOUNT_INVALID", "the amount must be more than 0"),
        "amount");
  }
  const int64_t amount = amount_minor.value_or(left.total_minor);
  const bool is_nothing_left = left.total_minor == 0 && !credited.empty();
  if (amount > left.total_minor || is_nothing_left) {
    return Refusal(absl::StatusCode::kFailedPrecondition, "CREDIT_EXCEEDS_INVOICE",
                   "more would be credited than was invoiced",
                   {{"left_minor_units", absl::StrCat(left.total_minor)}});
  }
  std::vector<int64_t> left_gross;
  for (const TaxLine& line : left.tax_lines) left_gross.push_back(line.net_minor + line.tax_minor);
  const std::vector<int64_t> gross = Share(amount, left_gross);
  Bill note = left;
  note.net_minor = note.tax_minor = note.total_minor = 0;
  for (size_t i = 0; i < note.tax_lines.size(); ++i) {
    const TaxLine& whole = invoice.tax_lines[i];
    const int64_t gross_before = whole.net_minor + whole.tax_minor - left_gross[i];
    TaxLine& credit = note.tax_lines[i];
    credit.tax_minor = TaxOf(whole, gross_before + gross[i]) - TaxOf(whole, gross_before);
    credit.net_minor = gross[i] - credit.tax_minor;
    SpreadOverLines(credit, left, note);
    note.net_minor += credit.net_minor;
    note.tax_minor += credit.tax_minor;
  }
  note.total_minor = note.net_minor + note.tax_minor;
  return note;
}

}  // namespace perennial::billing::core
