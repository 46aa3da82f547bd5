#include "services/billing/core/billing_profile.h"

#include <catch2/catch.hpp>

#include "services/billing/core/tax_id.h"
#include "tests/support/status_matchers.h"

namespace perennial::billing::core {
namespace {

BillingProfile Company() {
  BillingProfile profile;
  profile.customer_type = CustomerType::kCompany;
  profile.party = {"Ada", "Ada GmbH", {"Straße 1"}, "10115", "Berlin", "", "DE", "DE136695976"};
  return profile;
}

}  // namespace

TEST_CASE("Tax ids with right check digits are taken") {
  for (const auto& [country, id] : std::vector<std::pair<std::string, std::string>>{{"DE", "DE136695976"},
                                                                                    {"FR", "FR40303265045"},
                                                                                    {"FR", "FR83404833048"},
                                                                                    {"IT", "IT00743110157"},
                                                                                    {"ES", "ESB58378431"},
                                                                                    {"ES", "ES54362315K"},
                                                                                    {"ES", "ESX2482300W"},
                                                                                    {"BE", "BE0428759497"},
                                                                                    {"NL", "NL004495445B01"},
                                                                                    {"NL", "NL123456789B13"},
                                                                                    {"AT", "ATU13585627"},
                                                                                    {"GR", "EL094259216"},
                                                                                    {"IE", "IE6433435F"},
                                                                                    {"SE", "SE123456789701"},
                                                                                    {"MC", "FR60000007000"},
                                                                                    {"US", "123456789"}}) {
    INFO(id);
    CHECK(IsTaxId(country, id));
  }
}

TEST_CASE("Tax ids with one wrong digit, another country's or another form are refused") {
  for (const auto& [country, id] :
       std::vector<std::pair<std::string, std::string>>{{"DE", "DE136695978"},    {"DE", "DE036695976"},
                                                        {"DE", "136695976"},      {"FR", "FR84323140391"},
                                                        {"FR", "FR41303265045"},  {"IT", "IT00743110158"},
                                                        {"ES", "ESB58378432"},    {"ES", "ES54362315A"},
                                                        {"BE", "BE0431150351"},   {"BE", "BE2428759497"},
                                                        {"NL", "NL123456789B12"}, {"NL", "NL004495445X01"},
                                                        {"GR", "GR094259216"},    {"FR", "DE136695976"},
                                                        {"AT", "AT13585627"},     {"DE", ""},
                                                        {"DE", "DE13669597"},     {"DE", "DE13669597A"},
                                                        {"US", "12-34"},          {"US", "1"}}) {
    INFO(id);
    CHECK_FALSE(IsTaxId(country, id));
  }
}

TEST_CASE("Any single wrong digit of a German, Italian or Belgian tax id is found") {
  for (const auto& [country, id] : std::vector<std::pair<std::string, std::string>>{
           {"DE", "DE136695976"}, {"IT", "IT00743110157"}, {"BE", "BE0428759497"}}) {
    for (size_t i = 2; i < id.size(); ++i) {
      for (char digit = '0'; digit <= '9'; ++digit) {
        std::string changed = id;
        changed[i] = digit;
        INFO(changed);
        CHECK(IsTaxId(country, changed) == (changed == id));
      }
    }
  }
}

TEST_CASE("What people write into tax ids is dropped") {
  CHECK(NormalizeTaxId("de 136.695-976") == "DE136695976");
}

TEST_CASE("A complete company is taken, an incomplete one hears of all that is missing") {
  CHECK(Check(Company()).ok());
  CHECK(MissingFields(Company()).empty());
  BillingProfile company = Company();
  company.party.company.clear();
  company.party.city.clear();
  const absl::Status status = Check(company);
  CHECK_REFUSED(status, "REQUEST_INVALID");
  CHECK(FieldViolationsOf(status).size() == 2);
}

TEST_CASE("A consumer may leave everything out, but then the profile is not complete") {
  BillingProfile consumer;
  CHECK(Check(consumer).ok());
  CHECK_FALSE(MissingFields(consumer).empty());
  consumer.party.tax_id = "DE136695976";
  CHECK_REFUSED(Check(consumer), "REQUEST_INVALID");
}

TEST_CASE("Faulty fields are refused") {
  const auto refused = [](void (*spoil)(BillingProfile&), const std::string& reason) {
    BillingProfile profile = Company();
    spoil(profile);
    CHECK_REFUSED(Check(profile), reason);
  };
  refused([](BillingProfile& p) { p.party.country_code = "XX"; }, "REQUEST_INVALID");
  refused([](BillingProfile& p) { p.party.country_code = "de"; }, "REQUEST_INVALID");
  refused([](BillingProfile& p) { p.party.name = std::string(101, 'a'); }, "REQUEST_INVALID");
  refused([](BillingProfile& p) { p.party.name = "Ada\nLovelace"; }, "REQUEST_INVALID");
  refused([](BillingProfile& p) { p.party.name = std::string("A\0da", 4); }, "REQUEST_INVALID");
  refused([](BillingProfile& p) { p.party.address_lines = {"1", "2", "3", "4"}; }, "REQUEST_INVALID");
  refused([](BillingProfile& p) { p.party.address_lines = {""}; }, "REQUEST_INVALID");
  refused([](BillingProfile& p) { p.email = "nobody"; }, "REQUEST_INVALID");
  refused([](BillingProfile& p) { p.party.tax_id = "DE136695978"; }, "TAX_ID_INVALID");
  refused([](BillingProfile& p) { p.party.country_code = "FR"; }, "TAX_ID_INVALID");
  refused([](BillingProfile& p) { p.party.country_code = "KP"; }, "COUNTRY_NOT_SERVED");
}

TEST_CASE("Lengths count characters, not bytes") {
  CHECK(IsPlainText("éé", 2));
  CHECK_FALSE(IsPlainText("ééé", 2));
}

}  // namespace perennial::billing::core
