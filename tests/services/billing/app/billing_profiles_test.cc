#include "services/billing/app/billing_profiles.h"

#include "services/billing/app/invoices.h"
#include "tests/services/billing/support.h"

namespace perennial::billing {
namespace {

ProfileChange Change(const std::string& field, const std::string& value) {
  ProfileChange change;
  change.fields = {field};
  if (field == "recipient_name") change.values.party.name = value;
  if (field == "country_code") change.values.party.country_code = value;
  return change;
}

ProfileChange Company() {
  ProfileChange change;
  change.values.customer_type = core::CustomerType::kCompany;
  change.values.party = {"Ada", "Ada GmbH", {"Straße 1", "2. Hof"}, "10115", "Berlin",
                         "",    "DE",       "de 136695976"};
  change.fields = {"customer_type", "recipient_name", "company",      "address_lines",
                   "postal_code",   "city",           "country_code", "tax_id"};
  return change;
}

}  // namespace

TEST_CASE("A profile that was never set is empty, not missing") {
  BillingFixture billing;
  const Uuid account = billing.ids.Next();
  const auto profile = billing.profiles.Get(CustomerOf(account), account);
  REQUIRE_OK(profile);
  CHECK(profile->version == 0);
  CHECK_FALSE(profile->updated_at.has_value());
}

TEST_CASE("An update changes the fields of its mask, and only them") {
  BillingFixture billing;
  const Uuid account = billing.ids.Next();
  const Caller caller = CustomerOf(account);
  REQUIRE_OK(billing.profiles.Update(caller, account, Company()));
  REQUIRE_OK(billing.profiles.Update(caller, account, Change("recipient_name", "Grace")));
  const auto profile = billing.profiles.Get(caller, account);
  REQUIRE_OK(profile);
  core::Party expected{"Grace", "Ada GmbH", {"Straße 1", "2. Hof"}, "10115", "Berlin",
                       "",      "DE",       "DE136695976"};
  expected.tax_id_check.state = core::TaxIdState::kUnverified;
  CHECK(profile->party == expected);
  CHECK(profile->version == 2);
  CHECK(profile->updated_at == billing.clock.Now());
}

TEST_CASE("An update on an old etag, of an unknown field or of nothing is refused and changes nothing") {
  BillingFixture billing;
  const Uuid account = billing.ids.Next();
  const Caller caller = CustomerOf(account);
  ProfileChange change = Change("country_code", "DE");
  change.etag = "v0";
  REQUIRE_OK(billing.profiles.Update(caller, account, change));
  change.values.party.country_code = "FR";
  CHECK_REFUSED(billing.profiles.Update(caller, account, change), "ETAG_MISMATCH");
  CHECK_REFUSED(billing.profiles.Update(caller, account, Change("name", "x")), "REQUEST_INVALID");
  CHECK_REFUSED(billing.profiles.Update(caller, account, ProfileChange()), "REQUEST_INVALID");
  CHECK(billing.profiles.Get(caller, account)->party.country_code == "DE");
}

TEST_CASE("What is another's is not there") {
  BillingFixture billing;
  const Uuid account = billing.ids.Next();
  const core::Document invoice = billing.Invoice(account);
  const Caller stranger = CustomerOf(billing.ids.Next());
  Invoices invoices(billing.invoices, billing.pdf, billing.ubl);
  CHECK_REFUSED(billing.profiles.Get(stranger, account), "ACCOUNT_NOT_FOUND");
  CHECK_REFUSED(billing.profiles.Update(stranger, account, Company()), "ACCOUNT_NOT_FOUND");
  CHECK_REFUSED(invoices.Get(stranger, account, invoice.id), "INVOICE_NOT_FOUND");
  CHECK_REFUSED(invoices.Get(stranger, stranger.account_id, invoice.id), "INVOICE_NOT_FOUND");
  for (const InvoiceFormat format : {InvoiceFormat::kPdf, InvoiceFormat::kUbl}) {
    CHECK_REFUSED(invoices.Download(stranger, account, invoice.id, format), "INVOICE_NOT_FOUND");
    CHECK_REFUSED(invoices.Download(stranger, stranger.account_id, invoice.id, format), "INVOICE_NOT_FOUND");
  }
  CHECK_REFUSED(invoices.List(stranger, account, std::nullopt, std::nullopt, 10), "ACCOUNT_NOT_FOUND");
  CHECK(invoices.List(stranger, stranger.account_id, std::nullopt, std::nullopt, 10)->empty());
  REQUIRE_OK(invoices.Get(CustomerOf(account), account, invoice.id));
}

TEST_CASE("A deleted account leaves its invoices under a pseudonym, and nothing that names it") {
  BillingFixture billing;
  const Uuid account = billing.ids.Next();
  REQUIRE_OK(billing.profiles.Update(CustomerOf(account), account, Company()));
  const core::Document invoice = billing.Invoice(account);
  const NewProForma under_way = billing.OrderOf(account);
  REQUIRE_OK(billing.invoicing.CreateProForma(under_way));
  const NewProForma to_cancel = billing.OrderOf(account);
  REQUIRE_OK(billing.invoicing.CreateProForma(to_cancel));

  REQUIRE_OK(billing.profiles.Forget(account));
  REQUIRE_OK(billing.profiles.Forget(account));  // facts arrive at least once

  CHECK(billing.Count("SELECT count(*) FROM billing_profile") == 0);
  CHECK(billing.Count("SELECT count(*) FROM account_pseudonym") == 0);
  const auto books = billing.ledger.ListDocuments(std::nullopt, 10);
  REQUIRE_OK(books);
  REQUIRE(books->size() == 1);
  CHECK(books->at(0).account_pseudonym == invoice.account_pseudonym);
  CHECK(books->at(0).named_account_id == invoice.account_pseudonym);
  CHECK_REFUSED(billing.profiles.Update(CustomerOf(account), account, Company()), "ACCOUNT_DELETED");
  CHECK_REFUSED(billing.invoicing.CreateProForma(billing.OrderOf(account)), "ACCOUNT_DELETED");

  // What was under way comes to its end: a captured payment gets its invoice.
  const auto late = billing.invoicing.IssueInvoice(under_way.order, {billing.ids.Next(), ""});
  REQUIRE_OK(late);
  CHECK(late->buyer.company == "Ada GmbH");
  CHECK(late->account_pseudonym == invoice.account_pseudonym);
  REQUIRE_OK(billing.invoicing.CancelProForma(to_cancel.order));
  CHECK(billing.Count(
            "SELECT count(*) FROM pro_forma WHERE buyer IS NOT NULL OR lines::text LIKE '%Gold%'") == 0);
  const auto holding = [&](absl::string_view sql) {
    const auto rows = billing.postgres.database().Query(sql, absl::StrCat("%", account.ToString(), "%"));
    REQUIRE_OK(rows);
    return (*rows)[0].Get<int64_t>("count");
  };
  CHECK(holding("SELECT count(*) FROM invoice i WHERE i::text LIKE $1") == 0);
  CHECK(holding("SELECT count(*) FROM journal_entry j WHERE j::text LIKE $1") == 0);
  CHECK(holding("SELECT count(*) FROM pro_forma p WHERE p::text LIKE $1") == 0);
  CHECK(holding("SELECT count(*) FROM deleted_account d WHERE d::text LIKE $1") == 0);
  // Under another key the mark is nobody's: without the key it cannot be told whose it is.
  PostgresBillingProfileStore stranger(billing.postgres.database(), billing.postgres.outbox(),
                                       std::string(32, 's'));
  BillingProfiles elsewhere(stranger, billing.registry, billing.clock);
  CHECK(elsewhere.Update(CustomerOf(account), account, Company()).ok());
}

}  // namespace perennial::billing
