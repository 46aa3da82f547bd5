#include "services/billing/core/tax.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/error.h"
#include "libs/base/resource_name.h"
#include "libs/base/status_macros.h"
#include "services/billing/core/country.h"
#include "services/billing/core/tax_rates.h"

namespace perennial::billing::core {
namespace {

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

// What decides on a company; a consumer may leave out what they like.
bool LacksFields(const BillingProfile& buyer) {
  return buyer.customer_type == CustomerType::kCompany && !MissingFields(buyer).empty();
}

}  // namespace

absl::StatusOr<TaxPosition> PlaceOfSupply(const BillingProfile& buyer, const Seller& seller, absl::Time now) {
  const std::string& seller_country = seller.party.country_code;
  if (LacksFields(buyer)) {
    return Refusal(absl::StatusCode::kFailedPrecondition, "BILLING_PROFILE_INCOMPLETE",
                   "a company's billing profile must be complete",
                   {{"fields", absl::StrJoin(MissingFields(buyer), ",")}});
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
  return TaxPosition{TaxTreatment::kStandard, code, seller.taxes.StandardRatePpm(code, DayIn(*state, now)),
                     std::string(state->name_en), std::string(state->name_fr)};
}

absl::Time HoldsUntil(const TaxPosition& position, const Seller& seller, absl::Time now) {
  if (position.treatment != TaxTreatment::kStandard) return absl::InfiniteFuture();
  const VatState* state = VatStateOf(position.country_code);
  const OtherCountry* other = seller.taxes.FindOther(position.country_code);
  const auto zone = LoadTimeZone(state != nullptr ? state->time_zone : other->time_zone);
  const absl::TimeZone capital = zone.ok() ? *zone : absl::UTCTimeZone();
  const std::optional<CivilDate> next = seller.taxes.NextRateDay(position.country_code, DateAt(now, capital));
  return next ? StartOfDay(*next, capital) : absl::InfiniteFuture();
}

bool AreTaxedAlike(const BillingProfile& a, const BillingProfile& b) {
  return a.customer_type == b.customer_type && a.party.country_code == b.party.country_code &&
         HasTaxId(a) == HasTaxId(b) && LacksFields(a) == LacksFields(b);
}

Event TaxChangedEvent(const Uuid& account_id, const BillingProfile& profile, absl::Time now) {
  const std::string revision = absl::StrCat(profile.tax_revision);
  return {Uuid::Derive(account_id, "tax_position/" + revision),
          "tax_position.changed",
          account_id,
          absl::StrCat(AccountName(account_id), "/billingProfile"),
          now,
          {{"revision", revision}}};
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
  std::vector<Money> nets;
  for (const ChargeLine& line : lines) nets.push_back(line.net);
  ASSIGN_OR_RETURN(const tax::Tax tax, tax::TaxOn(nets, position, language));
  Bill bill;
  bill.currency = nets[0].currency;
  bill.net_minor = tax.net_minor;
  bill.tax_minor = tax.tax_minor;
  bill.total_minor = tax.total_minor;
  for (size_t i = 0; i < lines.size(); ++i) {
    bill.lines.push_back({lines[i].description, lines[i].product_id, lines[i].term_start, lines[i].term_end,
                          lines[i].net.minor, tax.shares_minor[i], position.rate_ppm});
  }
  bill.tax_lines.push_back({tax.description, position.rate_ppm, position.country_code, position.treatment,
                            bill.net_minor, bill.tax_minor});
  return bill;
}

}  // namespace perennial::billing::core
