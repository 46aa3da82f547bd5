#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "services/billing/core/country.h"
#include "services/billing/core/tax.h"
#include "services/billing/core/tax_rates.h"
#include "tests/services/billing/taxes.h"
#include "tests/support/status_matchers.h"

namespace perennial::billing::core {
namespace {

absl::Time At(absl::CivilSecond utc) {
  return absl::FromCivil(utc, absl::UTCTimeZone());
}

const absl::Time kNow = At(absl::CivilSecond(2027, 1, 15, 10, 0, 0));

BillingProfile Consumer(const std::string& country) {
  BillingProfile profile;
  profile.customer_type = CustomerType::kConsumer;
  profile.party.country_code = country;
  return profile;
}

BillingProfile Company(const std::string& country, const std::string& tax_id) {
  BillingProfile profile;
  profile.customer_type = CustomerType::kCompany;
  profile.party = {"Ada", "Ada GmbH", {"1 Street"}, "1", "City", "", country, tax_id};
  return profile;
}

ChargeLine Line(int64_t net_minor, const std::string& currency = "EUR") {
  return {"Gold", Uuid(), CivilDate(2027, 1, 15), CivilDate(2028, 1, 15), {currency, net_minor}};
}

Seller FrenchSeller() {
  Seller seller{.party = {}, .registrations = {}, .taxes = Taxes()};
  seller.party.country_code = "FR";
  return seller;
}

TaxPosition Position(const BillingProfile& profile, absl::Time now = kNow,
                     const Seller& seller = FrenchSeller()) {
  const auto position = PlaceOfSupply(profile, seller, now);
  REQUIRE_OK(position);
  return *position;
}

void CheckPosition(const BillingProfile& profile, TaxTreatment treatment, const std::string& country,
                   int32_t rate_ppm) {
  const TaxPosition position = Position(profile);
  CHECK(position.treatment == treatment);
  CHECK(position.country_code == country);
  CHECK(position.rate_ppm == rate_ppm);
}

BillingProfile AnyProfile() {
  BillingProfile profile = *rc::gen::element(true, false) ? Company("DE", "DE136695976") : Consumer("DE");
  if (*rc::gen::inRange(0, 4) == 0) profile.customer_type = CustomerType::kUnspecified;
  profile.party.country_code = *rc::gen::element<std::string>("DE", "FR", "MC", "US", "KP", "");
  if (*rc::gen::element(true, false)) profile.party.tax_id.clear();
  if (*rc::gen::element(true, false)) profile.party.city = "Elsewhere";
  if (*rc::gen::inRange(0, 4) == 0) profile.party.company.clear();
  profile.party.tax_id_check.state =
      *rc::gen::element(TaxIdState::kUnverified, TaxIdState::kVerified, TaxIdState::kNotRegistered);
  return profile;
}

}  // namespace

TEST_CASE("Rates are those of the day") {
  CHECK(Taxes().StandardRatePpm("DE", CivilDate(2020, 6, 30)) == 190'000);
  CHECK(Taxes().StandardRatePpm("DE", CivilDate(2020, 7, 1)) == 160'000);
  CHECK(Taxes().StandardRatePpm("DE", CivilDate(2020, 12, 31)) == 160'000);
  CHECK(Taxes().StandardRatePpm("DE", CivilDate(2021, 1, 1)) == 190'000);
  CHECK(Taxes().StandardRatePpm("EE", CivilDate(2023, 12, 31)) == 200'000);
  CHECK(Taxes().StandardRatePpm("EE", CivilDate(2024, 1, 1)) == 220'000);
  CHECK(Taxes().StandardRatePpm("EE", CivilDate(2025, 7, 1)) == 240'000);
  CHECK(Taxes().StandardRatePpm("FI", CivilDate(2024, 9, 1)) == 255'000);
  CHECK(Taxes().StandardRatePpm("SK", CivilDate(2025, 1, 1)) == 230'000);
  CHECK(Taxes().StandardRatePpm("RO", CivilDate(2025, 7, 31)) == 190'000);
  CHECK(Taxes().StandardRatePpm("RO", CivilDate(2025, 8, 1)) == 210'000);
}

TEST_CASE("A new rate begins at midnight in the country's capital, not in UTC") {
  // 23:30 UTC on 31 December 2020 is 00:30 on 1 January in Berlin.
  CHECK(Position(Consumer("DE"), At(absl::CivilSecond(2020, 12, 31, 22, 30, 0))).rate_ppm == 160'000);
  CHECK(Position(Consumer("DE"), At(absl::CivilSecond(2020, 12, 31, 23, 30, 0))).rate_ppm == 190'000);
}

TEST_CASE("All 27 countries of the EU have a rate between 15 and 27 percent, and nobody else has one") {
  int states = 0;
  for (char a = 'A'; a <= 'Z'; ++a) {
    for (char b = 'A'; b <= 'Z'; ++b) {
      const std::string code = {a, b};
      const VatState* state = VatStateOf(code);
      if (state == nullptr || code == "MC") continue;
      ++states;
      CHECK(IsCountryCode(code));
      CHECK(LoadTimeZone(state->time_zone).ok());
      const int32_t rate_ppm = Taxes().StandardRatePpm(code, CivilDate(2027, 1, 1));
      CHECK((rate_ppm >= 150'000 && rate_ppm <= 270'000));
    }
  }
  CHECK(states == 27);
}

TEST_CASE("Tax goes by the customer's country and status") {
  CheckPosition(Consumer("FR"), TaxTreatment::kStandard, "FR", 200'000);
  CheckPosition(Consumer("DE"), TaxTreatment::kStandard, "DE", 190'000);
  CheckPosition(Consumer("FI"), TaxTreatment::kStandard, "FI", 255'000);
  CheckPosition(Consumer("MC"), TaxTreatment::kStandard, "FR", 200'000);
  CheckPosition(Consumer("US"), TaxTreatment::kOutOfScope, "US", 0);
  CheckPosition(Consumer("GB"), TaxTreatment::kOutOfScope, "GB", 0);
  CheckPosition(Company("DE", "DE136695976"), TaxTreatment::kReverseCharge, "DE", 0);
  CheckPosition(Company("DE", ""), TaxTreatment::kStandard, "DE", 190'000);
  CheckPosition(Company("FR", "FR40303265045"), TaxTreatment::kStandard, "FR", 200'000);
  CheckPosition(Company("MC", "FR40303265045"), TaxTreatment::kStandard, "FR", 200'000);
  CheckPosition(Company("US", "123456789"), TaxTreatment::kOutOfScope, "US", 0);
}

TEST_CASE("Outside of the EU tax is taken where the seller is registered, as the table says") {
  Seller seller = FrenchSeller();
  seller.party.tax_id = "FR11123456782";
  seller.registrations = {{"GB", "GB980780684"}, {"CH", "CHE107787577MWST"}};
  const auto check = [&](const BillingProfile& buyer, TaxTreatment treatment, int32_t rate_ppm) {
    const TaxPosition position = Position(buyer, kNow, seller);
    CHECK(position.treatment == treatment);
    CHECK(position.rate_ppm == rate_ppm);
    CHECK(position.country_code == buyer.party.country_code);
    return *MakeBill({Line(1'000)}, position, Language::kFrench);
  };
  const Bill british = check(Consumer("GB"), TaxTreatment::kStandard, 200'000);
  CHECK(british.tax_lines[0].description == "TVA 20 % (Royaume-Uni)");
  CHECK(SellerOf(british, seller).tax_id == "GB980780684");
  check(Company("GB", ""), TaxTreatment::kStandard, 200'000);
  check(Company("GB", "GB980780684"), TaxTreatment::kReverseCharge, 0);
  check(Company("CH", "CHE107787577"), TaxTreatment::kStandard, 81'000);  // registered sellers take it of all
  check(Consumer("NO"), TaxTreatment::kOutOfScope, 0);  // in the table, but not registered there
  check(Consumer("US"), TaxTreatment::kOutOfScope, 0);
  const Bill german = check(Consumer("DE"), TaxTreatment::kStandard, 190'000);
  CHECK(SellerOf(german, seller).tax_id == "FR11123456782");
  // 2024 began in Zurich an hour before UTC.
  CHECK(Position(Consumer("CH"), At(absl::CivilSecond(2023, 12, 31, 22, 59, 59)), seller).rate_ppm == 77'000);
  CHECK(Position(Consumer("CH"), At(absl::CivilSecond(2023, 12, 31, 23, 0, 0)), seller).rate_ppm == 81'000);
}

TEST_CASE("A tax table that lacks a state, a source, an order or a beginning is refused") {
  const std::string good = TaxesText();
  REQUIRE_OK(ParseTaxes(good));
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"\"AT\"", "\"XX\""},  // Austria is missing
           {"\"AT\"", "\"MC\""},  // Monaco's is France's
           {"\"source\": \"TEDB\"", "\"source\": \"\""},
           {"2024-01-01", "2019-01-01"},  // not in order
           {"\"2020-01-01\", \"rate_ppm\": 200000", "\"2020-01-02\", \"rate_ppm\": 200000"},
           {"\"rate_ppm\": 200000", "\"rate_ppm\": 20"},
           {"\"rate_ppm\": 200000", "\"rate_ppm\": 2000000"},
           {"\"rate_ppm\": 200000", "\"rate_ppm\": 0.2"},
           {"\"GB\"", "\"FR\""},
           {"Europe/London", "Europe/Londres"},
           {"}", ""}}) {
    std::string bad = good;
    bad.replace(bad.find(from), from.size(), to);
    INFO(from << " -> " << to);
    CHECK(ParseTaxes(bad).status().code() == absl::StatusCode::kInvalidArgument);
  }
}

TEST_CASE("Who gave no country pays as a consumer in the seller's country") {
  CheckPosition(BillingProfile(), TaxTreatment::kStandard, "FR", 200'000);
}

TEST_CASE("An incomplete company, and a country we do not serve, are refused") {
  BillingProfile company = Company("DE", "");
  company.party.company.clear();
  CHECK_REFUSED(PlaceOfSupply(company, FrenchSeller(), kNow), "BILLING_PROFILE_INCOMPLETE");
  CHECK_REFUSED(PlaceOfSupply(Consumer("KP"), FrenchSeller(), kNow), "COUNTRY_NOT_SERVED");
}

TEST_CASE("Tax is rounded once for the invoice, half away from zero, not line by line") {
  const TaxPosition german{TaxTreatment::kStandard, "DE", 190'000};
  // 3 × 0.05 at 19 %: line by line it would be 3 × 0.01; it is 0.0285, so 0.03 either way; 3 × 0.10 = 0.057.
  const auto bill = MakeBill({Line(10), Line(10), Line(10)}, german, Language::kEnglish);
  REQUIRE_OK(bill);
  CHECK(bill->tax_minor == 6);
  CHECK(bill->total_minor == 36);
  // 0.50 at 19 % is 0.095: away from zero.
  CHECK(MakeBill({Line(50)}, german, Language::kEnglish)->tax_minor == 10);
  // Two lines of 0.13: 0.0247 each would round to 2 × 0.02; their sum is 0.0494.
  CHECK(MakeBill({Line(13), Line(13)}, german, Language::kEnglish)->tax_minor == 5);
}

TEST_CASE("Tax lines say what they are, in the invoice's language") {
  const auto description = [](const TaxPosition& position, Language language) {
    return MakeBill({Line(100)}, position, language)->tax_lines.at(0).description;
  };
  CHECK(description({TaxTreatment::kStandard, "DE", 190'000, "Germany", "Allemagne"}, Language::kEnglish) ==
        "VAT 19 % (Germany)");
  CHECK(description({TaxTreatment::kStandard, "DE", 190'000, "Germany", "Allemagne"}, Language::kFrench) ==
        "TVA 19 % (Allemagne)");
  CHECK(description({TaxTreatment::kStandard, "FI", 255'000, "Finland", "Finlande"}, Language::kEnglish) ==
        "VAT 25.5 % (Finland)");
  CHECK(description({TaxTreatment::kStandard, "FI", 255'000, "Finland", "Finlande"}, Language::kFrench) ==
        "TVA 25,5 % (Finlande)");
  CHECK(description({TaxTreatment::kReverseCharge, "DE", 0}, Language::kFrench) ==
        "TVA 0 % (autoliquidation)");
  CHECK(description({TaxTreatment::kOutOfScope, "US", 0}, Language::kEnglish) ==
        "VAT 0 % (outside of the EU)");
}

TEST_CASE("A position holds until the country's next rate begins, at midnight in its capital") {
  const absl::Time before = At(absl::CivilSecond(2020, 12, 31, 22, 59, 59));
  CHECK(HoldsUntil(Position(Consumer("DE"), before), FrenchSeller(), before) == before + absl::Seconds(1));
  CHECK(HoldsUntil(Position(Consumer("DE")), FrenchSeller(), kNow) == absl::InfiniteFuture());
  CHECK(HoldsUntil(Position(Consumer("US")), FrenchSeller(), kNow) == absl::InfiniteFuture());
  Seller seller = FrenchSeller();
  seller.registrations = {{"CH", "CHE107787577MWST"}};
  const absl::Time swiss = At(absl::CivilSecond(2023, 7, 1, 0, 0, 0));
  CHECK(HoldsUntil(Position(Consumer("CH"), swiss, seller), seller, swiss) ==
        At(absl::CivilSecond(2023, 12, 31, 23, 0, 0)));
  CHECK(rc::check("of anybody on any day", [] {
    const std::string country = *rc::gen::element<std::string>("DE", "EE", "SK", "RO", "FI", "MC", "US", "");
    const absl::Time now =
        At(absl::CivilSecond(2020, 1, 2)) + absl::Hours(*rc::gen::inRange(0, 24 * 365 * 7));
    const TaxPosition position = *PlaceOfSupply(Consumer(country), FrenchSeller(), now);
    const absl::Time until = HoldsUntil(position, FrenchSeller(), now);
    RC_ASSERT(until > now);
    if (until == absl::InfiniteFuture()) return;
    RC_ASSERT(*PlaceOfSupply(Consumer(country), FrenchSeller(), until - absl::Seconds(1)) == position);
    RC_ASSERT(*PlaceOfSupply(Consumer(country), FrenchSeller(), until) != position);
  }));
}

TEST_CASE("Who is taxed alike has the same tax, whoever sells and on whatever day") {
  CHECK(rc::check("any two profiles", [] {
    const BillingProfile a = AnyProfile(), b = AnyProfile();
    const bool alike = AreTaxedAlike(a, b);
    RC_CLASSIFY(alike, "alike");
    if (!alike) return;
    Seller seller = FrenchSeller();
    seller.party.country_code = *rc::gen::element<std::string>("FR", "DE");
    const auto of_a = PlaceOfSupply(a, seller, kNow), of_b = PlaceOfSupply(b, seller, kNow);
    RC_ASSERT(of_a.status().code() == of_b.status().code());
    if (of_a.ok()) RC_ASSERT(*of_a == *of_b);
  }));
  CHECK_FALSE(AreTaxedAlike(Consumer("DE"), Consumer("FR")));
  CHECK_FALSE(AreTaxedAlike(Company("DE", "DE136695976"), Company("DE", "")));
  BillingProfile renamed = Company("DE", "DE136695976");
  renamed.party.name = "Grace";
  CHECK(AreTaxedAlike(renamed, Company("DE", "DE136695976")));
}

TEST_CASE("Mixed currencies, negative lines and impossible totals are refused") {
  const TaxPosition french{TaxTreatment::kStandard, "FR", 200'000};
  CHECK_REFUSED(MakeBill({Line(1), Line(1, "USD")}, french, Language::kEnglish), "CURRENCY_MISMATCH");
  CHECK_REFUSED(MakeBill({Line(-1)}, french, Language::kEnglish), "AMOUNT_INVALID");
  CHECK_REFUSED(MakeBill({Line(kMaxMoneyMinor)}, french, Language::kEnglish), "AMOUNT_INVALID");
  CHECK_REFUSED(MakeBill({}, french, Language::kEnglish), "AMOUNT_INVALID");
}

TEST_CASE("Lines always sum to the tax and the total") {
  CHECK(rc::check("for any lines at any rate", [] {
    const auto nets = *rc::gen::nonEmpty(
        rc::gen::container<std::vector<int64_t>>(rc::gen::inRange<int64_t>(0, 10'000'000)));
    const auto rate_ppm = *rc::gen::inRange<int32_t>(0, 300'000);
    std::vector<ChargeLine> lines;
    for (int64_t net : nets) lines.push_back(Line(net));
    const auto bill = MakeBill(lines, {TaxTreatment::kStandard, "DE", rate_ppm}, Language::kEnglish);
    RC_ASSERT(bill.ok());
    int64_t net_minor = 0;
    int64_t tax_minor = 0;
    for (size_t i = 0; i < nets.size(); ++i) {
      const InvoiceLine& line = bill->lines[i];
      net_minor += line.net_minor;
      tax_minor += line.tax_minor;
      // No line is off by a unit or more.
      const Rational exact(Int128{line.net_minor} * rate_ppm, 1'000'000);
      RC_ASSERT(Rational::Whole(line.tax_minor - 1) < exact);
      RC_ASSERT(exact < Rational::Whole(line.tax_minor + 1));
    }
    RC_ASSERT(net_minor == bill->net_minor);
    RC_ASSERT(tax_minor == bill->tax_minor);
    RC_ASSERT(bill->tax_minor == Rational(Int128{net_minor} * rate_ppm, 1'000'000).Round());
    RC_ASSERT(bill->total_minor == bill->net_minor + bill->tax_minor);
    std::vector<Money> amounts;
    for (int64_t net : nets) amounts.push_back({"EUR", net});
    // As whoever knows the position computes it.
    const auto tax =
        tax::TaxOn(amounts, {TaxTreatment::kStandard, "DE", rate_ppm, "Germany", ""}, Language::kEnglish);
    RC_ASSERT(tax.ok());
    RC_ASSERT(tax->total_minor == bill->total_minor);
    RC_ASSERT(bill->tax_lines.size() == 1u);
    RC_ASSERT(bill->tax_lines[0].tax_minor == bill->tax_minor);
  }));
}

}  // namespace perennial::billing::core
