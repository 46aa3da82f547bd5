#include "absl/strings/match.h"
#include "services/billing/app/invoices.h"
#include "tests/services/billing/support.h"

namespace perennial::billing {

TEST_CASE(
    "A document is downloaded as it was issued, the same each time, whatever the profile becomes (R25, "
    "R26)") {
  BillingFixture billing;
  const Uuid account = billing.ids.Next();
  const Caller caller = CustomerOf(account);
  Invoices invoices(billing.invoices, billing.pdf, billing.ubl);
  const core::Document invoice = billing.Invoice(account);
  const auto note = billing.invoicing.CreateCreditNote(billing.CreditFor(invoice, 100));
  REQUIRE_OK(note);
  const auto download = [&](const core::Document& document, InvoiceFormat format) {
    const auto file = invoices.Download(caller, account, document.id, format);
    REQUIRE_OK(file);
    return *file;
  };
  const InvoiceFile pdf = download(invoice, InvoiceFormat::kPdf);
  const InvoiceFile ubl = download(invoice, InvoiceFormat::kUbl);
  CHECK(pdf.name == core::NumberOf(invoice) + ".pdf");
  CHECK(pdf.content_type == "application/pdf");
  CHECK(ubl.name == core::NumberOf(invoice) + ".xml");
  CHECK(ubl.content_type == "application/xml");
  // A credit note names its invoice.
  const InvoiceFile credit = download(*note, InvoiceFormat::kUbl);
  CHECK(absl::StrContains(credit.content, "<CreditNote"));
  CHECK(absl::StrContains(credit.content, core::NumberOf(invoice)));

  ProfileChange change;
  change.fields = {"recipient_name", "city"};
  change.values.party.name = "Somebody Else";
  change.values.party.city = "Elsewhere";
  REQUIRE_OK(billing.profiles.Update(caller, account, change));
  billing.clock.Advance(absl::Hours(24 * 400));
  CHECK(download(invoice, InvoiceFormat::kPdf).content == pdf.content);
  CHECK(download(invoice, InvoiceFormat::kUbl).content == ubl.content);
}

}  // namespace perennial::billing
