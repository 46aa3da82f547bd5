#include "libs/base/status_macros.h"
#include "tests/services/billing/support.h"

// VIES, present and away (R27).
namespace perennial::billing {
namespace {

using core::TaxIdState;
using core::TaxTreatment;

ProfileChange Company(const std::string& tax_id) {
  ProfileChange change;
  change.values.customer_type = core::CustomerType::kCompany;
  change.values.party = {"Ada", "Ada GmbH", {"Straße 1"}, "10115", "Berlin", "", "DE", tax_id};
  change.fields = {"customer_type", "recipient_name", "company",      "address_lines",
                   "postal_code",   "city",           "country_code", "tax_id"};
  return change;
}

struct Fixture : BillingFixture {
  const Uuid account = ids.Next();
  const Caller caller = CustomerOf(account);

  // As the handler does: asks, then commits.
  absl::StatusOr<core::BillingProfile> Save(const ProfileChange& change) {
    ASSIGN_OR_RETURN(const auto asked, profiles.Ask(caller, account, change));
    return profiles.Update(caller, account, change, asked);
  }

  core::TaxIdCheck Check() {
    const auto profile = profiles.Get(caller, account);
    REQUIRE_OK(profile);
    return profile->party.tax_id_check;
  }

  TaxTreatment Treatment() {
    const auto preview = invoicing.PreviewTax(account, OrderOf(account).lines, core::Language::kEnglish);
    REQUIRE_OK(preview);
    return preview->position.treatment;
  }

  int RunOnce() {
    const auto done = profiles.RunOnce();
    REQUIRE_OK(done);
    return *done;
  }
};

}  // namespace

TEST_CASE("A registered tax id is verified at once, and its invoices carry the proof") {
  Fixture billing;
  REQUIRE_OK(billing.Save(Company("DE136695976")));
  const core::TaxIdCheck verified{TaxIdState::kVerified, billing.clock.Now(), "WAPI1"};
  CHECK(billing.Check() == verified);
  CHECK(billing.Treatment() == TaxTreatment::kReverseCharge);
  const core::Document invoice = billing.Invoice(billing.account);
  const auto read = billing.invoices.Get(billing.account, invoice.id);
  REQUIRE_OK(read);
  CHECK(*read == invoice);
  CHECK(read->buyer.tax_id_check == verified);
  // What has not changed is not asked about again, until it is due.
  REQUIRE_OK(billing.Save(Company("DE136695976")));
  CHECK(billing.RunOnce() == 0);
  CHECK(billing.registry.asked.size() == 1);
  billing.clock.Advance(absl::Hours(91 * 24));
  CHECK(billing.RunOnce() == 1);
  CHECK(billing.RunOnce() == 0);
  CHECK(billing.registry.asked.size() == 2);
}

TEST_CASE("A tax id that the register does not know is refused, and nothing changes") {
  Fixture billing;
  billing.registry.answer = {TaxIdState::kNotRegistered, ""};
  CHECK_REFUSED(billing.Save(Company("DE136695976")), "TAX_ID_INVALID");
  CHECK(billing.profiles.Get(billing.caller, billing.account)->version == 0);
}

TEST_CASE(
    "While the register is away an id is taken by its form, and asked about again until there is an answer") {
  Fixture billing;
  billing.registry.answer = {};
  REQUIRE_OK(billing.Save(Company("DE136695976")));
  CHECK(billing.Check().state == TaxIdState::kUnverified);
  CHECK(billing.Treatment() == TaxTreatment::kReverseCharge);
  for (int hours = 0; hours < 3; ++hours) {
    CHECK(billing.RunOnce() == 0);  // the job comes to rest
    billing.clock.Advance(absl::Hours(1));
    CHECK(billing.RunOnce() == 1);
  }
  CHECK(billing.Check().state == TaxIdState::kUnverified);
  const std::string etag = EtagOf(*billing.profiles.Get(billing.caller, billing.account));
  SECTION("yes") {
    billing.registry.answer = {TaxIdState::kVerified, "WAPI2"};
    billing.clock.Advance(absl::Hours(1));
    CHECK(billing.RunOnce() == 1);
    CHECK(billing.Check() == core::TaxIdCheck{TaxIdState::kVerified, billing.clock.Now(), "WAPI2"});
    CHECK(billing.Treatment() == TaxTreatment::kReverseCharge);
  }
  SECTION("no: it counts as none from now on") {
    billing.registry.answer = {TaxIdState::kNotRegistered, ""};
    billing.clock.Advance(absl::Hours(1));
    CHECK(billing.RunOnce() == 1);
    CHECK(billing.Check().state == TaxIdState::kNotRegistered);
    CHECK(billing.Treatment() == TaxTreatment::kStandard);
    billing.clock.Advance(absl::Hours(1'000));
    CHECK(billing.RunOnce() == 0);
  }
  // The customer changed nothing meanwhile.
  CHECK(EtagOf(*billing.profiles.Get(billing.caller, billing.account)) == etag);
}

TEST_CASE("An id that the register knows by now is taken when it is saved again") {
  Fixture billing;
  billing.registry.answer = {};
  REQUIRE_OK(billing.Save(Company("DE136695976")));
  billing.registry.answer = {TaxIdState::kNotRegistered, ""};
  billing.clock.Advance(absl::Hours(1));
  CHECK(billing.RunOnce() == 1);
  // The rest of a form is saved all the same.
  ProfileChange change = Company("DE136695976");
  change.values.party.city = "Potsdam";
  REQUIRE_OK(billing.Save(change));
  CHECK(billing.Check().state == TaxIdState::kNotRegistered);
  CHECK(billing.Treatment() == TaxTreatment::kStandard);
  billing.registry.answer = {TaxIdState::kVerified, "WAPI4"};
  REQUIRE_OK(billing.Save(change));
  CHECK(billing.Check().state == TaxIdState::kVerified);
  CHECK(billing.Treatment() == TaxTreatment::kReverseCharge);
}

TEST_CASE("Whether the register is asked is decided by the country, not by the letters of the id") {
  Fixture billing;
  billing.registry.answer = {TaxIdState::kNotRegistered, ""};
  ProfileChange abroad = Company("DE136695976");
  abroad.values.party.country_code = "MX";
  REQUIRE_OK(billing.Save(abroad));
  CHECK(billing.registry.asked.empty());
  CHECK(billing.Check().state == TaxIdState::kFormChecked);
  // The same id in another country is another one.
  ProfileChange home;
  home.values.party.country_code = "DE";
  home.fields = {"country_code"};
  CHECK_REFUSED(billing.Save(home), "TAX_ID_INVALID");
  billing.registry.answer = {};
  REQUIRE_OK(billing.Save(home));
  CHECK(billing.Check().state == TaxIdState::kUnverified);
  CHECK(billing.RunOnce() == 0);
  billing.clock.Advance(absl::Hours(1));
  CHECK(billing.RunOnce() == 1);
}

TEST_CASE("An answer about an id that was changed meanwhile is dropped") {
  Fixture billing;
  billing.registry.answer = {};
  REQUIRE_OK(billing.Save(Company("DE136695976")));
  core::BillingProfile stale = *billing.profiles.Get(billing.caller, billing.account);
  ProfileChange change = Company("");
  REQUIRE_OK(billing.Save(change));
  core::TakeAnswer({TaxIdState::kVerified, "WAPI3"}, billing.clock.Now(), stale);
  REQUIRE_OK(billing.profile_store.RecordTaxIdCheck(billing.account, stale, billing.clock.Now()));
  CHECK(billing.Check() == core::TaxIdCheck{});
  billing.clock.Advance(absl::Hours(2));
  CHECK(billing.RunOnce() == 0);
}

TEST_CASE("Two processes do not ask about the same id, and a killed one's is asked about after its lease") {
  Fixture billing;
  billing.registry.answer = {};
  REQUIRE_OK(billing.Save(Company("DE136695976")));
  billing.clock.Advance(absl::Hours(1));
  const absl::Time now = billing.clock.Now();
  CHECK(billing.profile_store.ClaimTaxIdChecks(now, now + absl::Minutes(5), 10)->size() == 1);
  CHECK(billing.RunOnce() == 0);
  billing.clock.Advance(absl::Minutes(5));
  CHECK(billing.RunOnce() == 1);
}

TEST_CASE(
    "Whoever keeps the tax is told when it changes, by the customer or by the register, and by nothing "
    "else") {
  Fixture billing;
  const auto told = [&] {
    return billing.Count("SELECT count(*) FROM outbox WHERE type = 'tax_position.changed'");
  };
  const auto preview = [&] {
    const auto asked = billing.invoicing.PreviewTax(billing.account, billing.OrderOf(billing.account).lines,
                                                    core::Language::kEnglish);
    REQUIRE_OK(asked);
    return *asked;
  };
  CHECK(preview().tax_revision == 0);
  CHECK(preview().ask_again_at == billing.clock.Now() + absl::Hours(1));
  billing.registry.answer = {};
  REQUIRE_OK(billing.Save(Company("DE136695976")));
  CHECK(told() == 1);
  CHECK(preview().tax_revision == 1);
  ProfileChange rename;
  rename.values.party.name = "Grace";
  rename.fields = {"recipient_name"};
  REQUIRE_OK(billing.Save(rename));
  // An answer that leaves the tax as it is.
  billing.registry.answer = {TaxIdState::kVerified, "WAPI2"};
  billing.clock.Advance(absl::Hours(1));
  CHECK(billing.RunOnce() == 1);
  CHECK(told() == 1);
  CHECK(preview().tax_revision == 1);
  billing.registry.answer = {TaxIdState::kNotRegistered, ""};
  billing.clock.Advance(absl::Hours(91 * 24));
  CHECK(billing.RunOnce() == 1);
  CHECK(told() == 2);
  CHECK(preview().tax_revision == 2);
  CHECK(preview().position.treatment == TaxTreatment::kStandard);
  const auto event = billing.postgres.database().Query(
      "SELECT subject, attributes->>'revision' AS revision FROM outbox WHERE type = 'tax_position.changed' "
      "ORDER BY sequence DESC LIMIT 1");
  REQUIRE_OK(event);
  CHECK((*event)[0].Get<std::string>("revision") == "2");
  CHECK((*event)[0].Get<std::string>("subject") ==
        "accounts/" + billing.account.ToString() + "/billingProfile");
}

}  // namespace perennial::billing
