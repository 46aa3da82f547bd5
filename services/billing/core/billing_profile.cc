#include "services/billing/core/billing_profile.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/billing/core/country.h"
#include "services/billing/core/tax_id.h"

namespace perennial::billing::core {
namespace {

constexpr int kMaxText = 100;
constexpr int kMaxPostalCode = 20;
constexpr size_t kMaxAddressLines = 3;
constexpr int kMaxEmail = 254;  // RFC 5321, 4.5.3.1.3 less the angle brackets

bool IsEmail(absl::string_view text) {
  const size_t at = text.find('@');
  return IsPlainText(text, kMaxEmail) && at != absl::string_view::npos && at > 0 && at + 1 < text.size() &&
         text.find('@', at + 1) == absl::string_view::npos && text.find(' ') == absl::string_view::npos;
}

void CheckText(FieldViolations& violations, absl::string_view field, absl::string_view text, int max) {
  violations.Require(IsPlainText(text, max), field, "is too long or holds control characters");
}

}  // namespace

bool IsPlainText(absl::string_view text, int max_characters) {
  int characters = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return false;
    // U+0080 to U+009F are controls too.
    if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) return false;
    if ((byte & 0xc0) != 0x80) ++characters;
  }
  return characters <= max_characters;
}

absl::Status Check(const BillingProfile& profile) {
  const Party& party = profile.party;
  FieldViolations violations;
  CheckText(violations, "billing_profile.recipient_name", party.name, kMaxText);
  CheckText(violations, "billing_profile.company", party.company, kMaxText);
  CheckText(violations, "billing_profile.postal_code", party.postal_code, kMaxPostalCode);
  CheckText(violations, "billing_profile.city", party.city, kMaxText);
  CheckText(violations, "billing_profile.region", party.region, kMaxText);
  violations.Require(party.address_lines.size() <= kMaxAddressLines, "billing_profile.address_lines",
                     "has at most 3 lines");
  for (const std::string& line : party.address_lines) {
    violations.Require(!line.empty() && IsPlainText(line, kMaxText), "billing_profile.address_lines",
                       "each line has 1 to 100 characters");
  }
  violations.Require(party.country_code.empty() || IsCountryCode(party.country_code),
                     "billing_profile.country_code", "must be an ISO 3166-1 alpha-2 code, upper case");
  violations.Require(profile.email.empty() || IsEmail(profile.email), "billing_profile.email",
                     "must be an e-mail address");
  const bool is_company = profile.customer_type == CustomerType::kCompany;
  violations.Require(party.tax_id.empty() || is_company, "billing_profile.tax_id", "only companies have one");
  if (is_company) {
    for (const std::string& field : MissingFields(profile)) {
      violations.Add("billing_profile." + field, "a company must give it");
    }
  }
  RETURN_IF_ERROR(violations.ToStatus());
  if (!IsServed(party.country_code)) {
    return Refusal(absl::StatusCode::kFailedPrecondition, "COUNTRY_NOT_SERVED",
                   "we do not sell to this country", {{"country_code", party.country_code}});
  }
  if (!party.tax_id.empty() && !IsTaxId(party.country_code, party.tax_id)) {
    return AtField(Refusal(absl::StatusCode::kInvalidArgument, "TAX_ID_INVALID",
                           "the tax id has not the form or the check digits of its country",
                           {{"country_code", party.country_code}}),
                   "billing_profile.tax_id");
  }
  return absl::OkStatus();
}

std::vector<std::string> MissingFields(const BillingProfile& profile) {
  std::vector<std::string> missing;
  if (profile.customer_type == CustomerType::kUnspecified) missing.push_back("customer_type");
  if (profile.party.name.empty()) missing.push_back("recipient_name");
  if (profile.customer_type == CustomerType::kCompany && profile.party.company.empty()) {
    missing.push_back("company");
  }
  if (profile.party.address_lines.empty()) missing.push_back("address_lines");
  if (profile.party.city.empty()) missing.push_back("city");
  if (profile.party.country_code.empty()) missing.push_back("country_code");
  return missing;
}

}  // namespace perennial::billing::core
