#include "libs/tax/tax.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "libs/base/error.h"

namespace perennial::tax {
namespace {

constexpr int32_t kMillion = 1'000'000;

// "25.5", "25,5" in French; "19" without a fraction.
std::string FormatPercent(int32_t rate_ppm, Language language) {
  std::string text = absl::StrCat(rate_ppm / 10'000);
  int32_t fraction = rate_ppm % 10'000;
  if (fraction == 0) return text;
  std::string digits = absl::StrCat(kMillion / 100 + fraction).substr(1);
  while (digits.back() == '0') digits.pop_back();
  return absl::StrCat(text, language == Language::kFrench ? "," : ".", digits);
}

std::string Describe(const Position& position, Language language) {
  const bool french = language == Language::kFrench;
  const char* vat = french ? "TVA" : "VAT";
  switch (position.treatment) {
    case Treatment::kStandard:
      return absl::StrCat(vat, " ", FormatPercent(position.rate_ppm, language), " % (",
                          french ? position.country_name_fr : position.country_name_en, ")");
    case Treatment::kReverseCharge:
      return absl::StrCat(vat, " 0 % (", french ? "autoliquidation" : "reverse charge", ")");
    case Treatment::kOutOfScope:
      return absl::StrCat(vat, " 0 % (", french ? "hors Union européenne" : "outside of the EU", ")");
  }
  std::abort();
}

absl::Status AmountInvalid(absl::string_view message) {
  return AtField(Refusal(absl::StatusCode::kInvalidArgument, "AMOUNT_INVALID", message), "lines");
}

}  // namespace

absl::StatusOr<Tax> TaxOn(const std::vector<Money>& nets, const Position& position, Language language) {
  if (nets.empty()) return AmountInvalid("there are no lines");
  Tax tax;
  std::vector<Rational> exact_shares;
  const Rational rate(position.rate_ppm, kMillion);
  for (const Money& net : nets) {
    if (net.currency != nets[0].currency) {
      return Precondition("CURRENCY_MISMATCH", "all lines must have one currency");
    }
    if (net.minor < 0 || net.minor > kMaxMoneyMinor) {
      return AmountInvalid("a line's net must be from 0 to 10^12 minor units");
    }
    tax.net_minor += net.minor;
    exact_shares.push_back(Rational::Whole(net.minor) * rate);
  }
  tax.tax_minor = (Rational::Whole(tax.net_minor) * rate).Round();
  tax.total_minor = tax.net_minor + tax.tax_minor;
  if (tax.total_minor > kMaxMoneyMinor) return AmountInvalid("the total is above 10^12 minor units");
  tax.shares_minor = Allot(tax.tax_minor, exact_shares);
  tax.description = Describe(position, language);
  return tax;
}

}  // namespace perennial::tax
