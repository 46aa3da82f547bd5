#include "services/billing/core/tax.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/billing/core/country.h"
#include "services/billing/core/tax_rates.h"

namespace perennial::billing::core {
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

std::string Describe(const TaxPosition& position, Language language) {
  const bool french = language == Language::kFrench;
  const char* vat = french ? "TVA" : "VAT";
  switch (position.treatment) {
    case TaxTreatment::kStandard: {
      const VatState* state = VatStateOf(position.country_code);
      const absl::string_view name = state == nullptr ? (french ? position.name_fr : position.name_en)
                                                      : (french ? state->name_fr : state->name_en);
      return absl::StrCat(vat, " ", FormatPercent(position.rate_ppm, language), " % (", name, ")");
    }
    case TaxTreatment::kReverseCharge:
      return absl::StrCat(vat, " 0 % (", french ? "autoliquidation" : "reverse charge", ")");
    case TaxTreatment::kOutOfScope:
      return absl::StrCat(vat, " 0 % (", french ? "hors Union européenne" : "outside of the EU", ")");
  }
  std::abort();
}

// A company that owes the tax itself, where the law has reverse charge: its tax id was not found wanting.
bool HasTaxId(const BillingProfile& buyer) {
  return buyer.customer_type == CustomerType::kCompany && !buyer.party.tax_id.empty() &&
         buyer.party.tax_id_check.state != TaxIdState::kNotRegistered;
}

const TaxRegistration* FindRegistration(const Seller& seller, absl::string_view country_code) {
  for (const TaxRegistration& registration : seller.registrations) {
    if (registration.country_code == country_code) return &registration;
  }
  return nullptr;
}

// Outside of the EU's VAT area.
TaxPosition PositionElsewhere(const BillingProfile& buyer, const std::string& country, const Seller& seller,
                              absl::Time now) {
  const OtherCountry* other = seller.taxes.FindOther(country);
  if (other == nullptr || FindRegistration(seller, country) == nullptr) {
    return {TaxTreatment::kOutOfScope, country, 0};
  }
  if (other->is_reverse_charge && HasTaxId(buyer)) {
    return {TaxTreatment::kReverseCharge, country, 0};
  }
  const auto zone = LoadTimeZone(other->time_zone);
  const CivilDate day = DateAt(now, zone.ok() ? *zone : absl::UTCTimeZone());
  return {TaxTreatment::kStandard, country, seller.taxes.StandardRatePpm(country, day), other->name_en,
          other->name_fr};
}

absl::Status AmountInvalid(absl::string_view message) {
  return Refusal(absl::StatusCode::kInvalidArgument, "AMOUNT_INVALID", message);
}

}  // namespace

absl::StatusOr<TaxPosition> PlaceOfSupply(const BillingProfile& buyer, const Seller& seller, absl::Time now) {
  const std::string& seller_country = seller.party.country_code;
  const bool is_company = buyer.customer_type == CustomerType::kCompany;
  const std::vector<std::string> missing = MissingFields(buyer);
  if (is_company && !missing.empty()) {
    return Refusal(absl::StatusCode::kFailedPrecondition, "BILLING_PROFILE_INCOMPLETE",
                   "a company's billing profile must be complete", {{"fields", absl::StrJoin(missing, ",")}});
  }
  const std::string country = buyer.party.country_code.empty() ? seller_country : buyer.party.country_code;
  if (!IsServed(country)) {
    return Refusal(absl::StatusCode::kFailedPrecondition, "COUNTRY_NOT_SERVED",
                   "we do not sell to this country", {{"country_code", country}});
  }
  const VatState* state = VatStateOf(country);
  if (state == nullptr) return PositionElsewhere(buyer, country, seller, now);
  const std::string code(state->code);
  const bool is_abroad = state != VatStateOf(seller_country);
  if (is_abroad && HasTaxId(buyer)) {
    return TaxPosition{TaxTreatment::kReverseCharge, code, 0};
  }
  return TaxPosition{TaxTreatment::kStandard, code, seller.taxes.StandardRatePpm(code, DayIn(*state, now))};
}

Party SellerOf(const Bill& bill, const Seller& seller) {
  Party party = seller.party;
  for (const TaxLine& line : bill.tax_lines) {
    const TaxRegistration* registration = FindRegistration(seller, line.country_code);
    if (registration != nullptr) party.tax_id = registration->tax_id;
  }
  return party;
}

absl::StatusOr<Bill> MakeBill(const std::vector<ChargeLine>& lines, const TaxPosition& position,
                              Language language) {
  Bill bill;
  if (lines.empty()) return AmountInvalid("there are no lines");
  bill.currency = lines[0].net.currency;
  std::vector<Rational> exact_taxes;
  const Rational rate(position.rate_ppm, kMillion);
  for (const ChargeLine& line : lines) {
    if (line.net.currency != bill.currency) {
      return Precondition("CURRENCY_MISMATCH", "all lines must have one currency");
    }
    if (line.net.minor < 0 || line.net.minor > kMaxMoneyMinor) {
      return AmountInvalid("a line's net must be from 0 to 10^12 minor units");
    }
    bill.net_minor += line.net.minor;
    exact_taxes.push_back(Rational::Whole(line.net.minor) * rate);
  }
  bill.tax_minor = (Rational::Whole(bill.net_minor) * rate).Round();
  bill.total_minor = bill.net_minor + bill.tax_minor;
  if (bill.total_minor > kMaxMoneyMinor) return AmountInvalid("the total is above 10^12 minor units");
  const std::vector<int64_t> taxes = Allot(bill.tax_minor, exact_taxes);
  for (size_t i = 0; i < lines.size(); ++i) {
    bill.lines.push_back({lines[i].description, lines[i].product_id, lines[i].term_start, lines[i].term_end,
                          lines[i].net.minor, taxes[i], position.rate_ppm});
  }
  bill.tax_lines.push_back({Describe(position, language), position.rate_ppm, position.country_code,
                            position.treatment, bill.net_minor, bill.tax_minor});
  return bill;
}

}  // namespace perennial::billing::core
