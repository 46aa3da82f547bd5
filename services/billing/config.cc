#include "services/billing/config.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/status_macros.h"
#include "services/billing/core/country.h"
#include "services/billing/core/tax_id.h"
#include "services/billing/storage/tax_file.h"

namespace perennial::billing {
namespace {

constexpr int kPortDigit = 3;
// Newest file of storage/migrations.
constexpr char kSchemaVersion[] = "20261123000780";
constexpr int kMaxText = 100;

// `local`: with a test clock a seller that does not exist will do; else invoices must name the real one
// (R27).
core::Party ReadSeller(Environment& environment, bool local) {
  const auto read = [&](const std::string& name, absl::string_view meaning, absl::string_view local_value) {
    return local ? environment.Optional(name, local_value) : environment.Required(name, meaning);
  };
  core::Party seller;
  seller.name = read("SELLER_NAME", "the seller's legal name", "Perennial (local)");
  seller.country_code = read("SELLER_COUNTRY", "the seller's country", "FR");
  // Well-formed, but nobody's.
  seller.tax_id = core::NormalizeTaxId(read("SELLER_TAX_ID", "the seller's tax id", "FR11123456782"));
  const std::string address =
      read("SELLER_ADDRESS", "STREET; POSTAL CODE; CITY", "1 place de l'Exemple; 75001; Paris");
  std::vector<std::string> parts = absl::StrSplit(address, ';');
  for (std::string& part : parts) absl::StripAsciiWhitespace(&part);
  environment.Expect(!seller.name.empty() && core::IsPlainText(seller.name, kMaxText),
                     "SELLER_NAME must have 1 to 100 characters");
  environment.Expect(parts.size() == 3 && core::IsPlainText(address, 3 * kMaxText),
                     "SELLER_ADDRESS must be STREET; POSTAL CODE; CITY");
  environment.Expect(
      core::VatStateOf(seller.country_code) != nullptr,
      "SELLER_COUNTRY must be the ISO code of a country of the EU: the tax rules are made for it");
  environment.Expect(core::IsTaxId(seller.country_code, seller.tax_id),
                     "SELLER_TAX_ID must be a tax id of SELLER_COUNTRY, check digits included");
  parts.resize(3);
  seller.address_lines = {parts[0]};
  seller.postal_code = parts[1];
  seller.city = parts[2];
  return seller;
}

// "simulated" only with a test clock: else companies would go untaxed on numbers that nobody looked up.
std::string ReadViesUrl(Environment& environment, bool local) {
  const std::string url = local ? environment.Optional("VIES_URL", "simulated")
                                : environment.Required("VIES_URL", "the REST API of VIES");
  if (local && url == "simulated") return "";
  environment.Expect(absl::StartsWith(url, "https://") || (local && absl::StartsWith(url, "http://")),
                     "VIES_URL must begin with https://");
  return url;
}

// "GB=GB980780684, NO=NO923609016MVA": where the seller takes tax outside of the EU.
std::vector<core::TaxRegistration> ReadRegistrations(Environment& environment, const core::TaxTable& taxes) {
  std::vector<core::TaxRegistration> registrations;
  const std::string text = environment.Optional("SELLER_TAX_REGISTRATIONS", "");
  for (absl::string_view part : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    const std::vector<std::string> pair = absl::StrSplit(absl::StripAsciiWhitespace(part), '=');
    const bool is_known = pair.size() == 2 && taxes.FindOther(pair[0]) != nullptr;
    const std::string tax_id = is_known ? core::NormalizeTaxId(pair[1]) : "";
    environment.Expect(
        is_known && core::IsTaxId(pair[0], tax_id),
        "SELLER_TAX_REGISTRATIONS must be COUNTRY=TAX ID, …: countries are those of `others` in "
        "TAX_TABLE_FILE, and check digits must be right");
    if (is_known) registrations.push_back({pair[0], tax_id});
  }
  return registrations;
}

}  // namespace

absl::StatusOr<Config> ReadConfig(Environment& environment) {
  ProcessConfig process = ReadProcessConfig(environment, "billing", kPortDigit, kSchemaVersion);
  core::Party seller = ReadSeller(environment, process.test_time);
  std::string vies_url = ReadViesUrl(environment, process.test_time);
  const std::string text = environment.RequiredFile("TAX_TABLE_FILE", "the tax rates by country and day");
  auto taxes = ParseTaxes(text);
  if (!text.empty())
    environment.Expect(taxes.ok(), absl::StrCat("TAX_TABLE_FILE: ", taxes.status().message()));
  std::vector<core::TaxRegistration> registrations;
  if (taxes.ok()) registrations = ReadRegistrations(environment, *taxes);
  const std::string payment_token = environment.Optional("PAYMENT_TOKEN_TARGET", "127.0.0.1:7104");
  const std::string subscription = environment.Optional("SUBSCRIPTION_TARGET", "127.0.0.1:7102");
  RETURN_IF_ERROR(environment.Check());
  return Config{std::move(process),
                payment_token,
                subscription,
                {std::move(seller), std::move(registrations), *std::move(taxes)},
                std::move(vies_url)};
}

}  // namespace perennial::billing
