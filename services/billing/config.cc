#include "services/billing/config.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "services/billing/core/country.h"
#include "services/billing/core/tax_id.h"

namespace perennial::billing {
namespace {

constexpr int kPortDigit = 3;
// Newest file of storage/migrations.
constexpr char kSchemaVersion[] = "20261123000420";
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

}  // namespace

Config ReadConfig(Environment& environment) {
  Config config;
  config.process = ReadProcessConfig(environment, "billing", kPortDigit, kSchemaVersion);
  config.seller = ReadSeller(environment, config.process.test_time);
  return config;
}

}  // namespace perennial::billing
