#include "services/billing/app/invoicing.h"

#include <numeric>

#include "tests/services/billing/support.h"

namespace perennial::billing {
namespace {

void SetCountry(BillingFixture& billing, const Uuid& account, const std::string& country) {
  ProfileChange change;
  change.fields = {"country_code"};
  change.values.party.country_code = country;
  REQUIRE_OK(billing.profiles.Update(CustomerOf(account), account, change));
}

int64_t BalanceOf(BillingFixture& billing, core::LedgerAccount account) {
  const auto balances = billing.ledger.TrialBalance(billing.clock.Now() + absl::Seconds(1));
  REQUIRE_OK(balances);
  for (const LedgerBalance& balance : *balances) {
    if (balance.account == account) return balance.debit_minor - balance.credit_minor;
  }
  return 0;
}

}  // namespace

TEST_CASE("A paid order becomes a numbered invoice, posted to the ledger and told of, at once") {
  BillingFixture billing;
  const Uuid account = billing.ids.Next();
  SetCountry(billing, account, "DE");
  const core::Document invoice = billing.Invoice(account);
  CHECK(core::NumberOf(invoice) == "INV-FR-2027-000001");
  CHECK(invoice.bill.total_minor == 11'900);
  CHECK(invoice.buyer.country_code == "DE");
  CHECK(invoice.account_pseudonym.ToString()[14] ==
        '8');  // an id of version 7 would tell when it was made (R7)
  CHECK(*billing.invoices.Get(account, invoice.id) == invoice);
  CHECK(BalanceOf(billing, core::LedgerAccount::kCashAtGateway) == 11'900);
  CHECK(BalanceOf(billing, core::LedgerAccount::kDeferredRevenue) == -10'000);
  CHECK(BalanceOf(billing, core::LedgerAccount::kTaxPayable) == -1'900);
  CHECK(billing.Count("SELECT count(*) FROM outbox WHERE type = 'invoice.issued'") == 1);
  CHECK(billing.documents_seen == 1);
}

TEST_CASE(
    "What the preview says is what the pro-forma comes to; another total is refused and nothing is made") {
  BillingFixture billing;
  const Uuid account = billing.ids.Next();
  NewProForma order = billing.OrderOf(account);
  const auto preview = billing.invoicing.PreviewTax(account, order.lines, order.language);
  REQUIRE_OK(preview);
  CHECK(preview->bill.total_minor == 12'000);
  SetCountry(billing, account, "HU");
  order.expected_total = Money{"EUR", preview->bill.total_minor};
  const auto refused = billing.invoicing.CreateProForma(order);
  CHECK_REFUSED(refused, "PRO_FORMA_CHANGED");
  CHECK(MetadataOf(refused.status()) ==
        std::vector<std::pair<std::string, std::string>>{{"total_minor_units", "12700"}});
  CHECK(billing.Count("SELECT count(*) FROM pro_forma") == 0);
  order.expected_total = Money{"EUR", 12'700};
  REQUIRE_OK(billing.invoicing.CreateProForma(order));
}

TEST_CASE("An order has one pro-forma: the same again is the same, other contents are refused") {
  BillingFixture billing;
  const Uuid account = billing.ids.Next();
  NewProForma order = billing.OrderOf(account);
  order.expected_total = Money{"EUR", 12'000};
  const auto first = billing.invoicing.CreateProForma(order);
  REQUIRE_OK(first);
  SetCountry(billing, account, "HU");
  const auto again = billing.invoicing.CreateProForma(order);
  REQUIRE_OK(again);
  CHECK(again->bill == first->bill);
  order.lines[0].net.minor += 1;
  CHECK_REFUSED(billing.invoicing.CreateProForma(order), "PRO_FORMA_EXISTS");
}

TEST_CASE("A renewal's pro-forma is of the tax and the buyer of the day, until it is issued (R26, R27)") {
  BillingFixture billing;
  const Uuid account = billing.ids.Next();
  const NewProForma order = billing.OrderOf(account);
  REQUIRE_OK(billing.invoicing.CreateProForma(order));
  SetCountry(billing, account, "HU");
  const auto renewed = billing.invoicing.CreateProForma(order);
  REQUIRE_OK(renewed);
  CHECK(renewed->bill.total_minor == 12'700);
  CHECK(renewed->buyer->country_code == "HU");
  const auto invoice = billing.invoicing.IssueInvoice(order.order, {billing.ids.Next(), ""});
  REQUIRE_OK(invoice);
  CHECK(invoice->bill == renewed->bill);
  CHECK(invoice->buyer.country_code == "HU");
  SetCountry(billing, account, "DE");
  CHECK(billing.invoicing.CreateProForma(order)->bill == renewed->bill);
}

TEST_CASE("Issuing again for the same charge gives the same invoice; for another one it is refused") {
  BillingFixture billing;
  const Uuid account = billing.ids.Next();
  const core::Document invoice = billing.Invoice(account);
  const OrderId order{account, invoice.order_id};
  const auto again = billing.invoicing.IssueInvoice(order, {invoice.charge_id, ""});
  REQUIRE_OK(again);
  CHECK(*again == invoice);
  CHECK(billing.documents_seen == 1);
  CHECK_REFUSED(billing.invoicing.IssueInvoice(order, {billing.ids.Next(), ""}), "INVOICE_ALREADY_ISSUED");
  CHECK_REFUSED(billing.invoicing.CancelProForma(order), "INVOICE_ALREADY_ISSUED");
  const NewProForma other = billing.OrderOf(account);
  REQUIRE_OK(billing.invoicing.CreateProForma(other));
  CHECK_REFUSED(billing.invoicing.IssueInvoice(other.order, {invoice.charge_id, ""}),
                "INVOICE_ALREADY_ISSUED");
  CHECK(billing.Count("SELECT last_number AS count FROM series") == 1);
}

TEST_CASE("A cancelled pro-forma uses no number up, and stays cancelled") {
  BillingFixture billing;
  const Uuid account = billing.ids.Next();
  const NewProForma order = billing.OrderOf(account);
  REQUIRE_OK(billing.invoicing.CreateProForma(order));
  REQUIRE_OK(billing.invoicing.CancelProForma(order.order));
  CHECK(billing.invoicing.CancelProForma(order.order)->state == core::ProFormaState::kCancelled);
  CHECK_REFUSED(billing.invoicing.IssueInvoice(order.order, {billing.ids.Next(), ""}), "PRO_FORMA_CANCELLED");
  CHECK(billing.Invoice(account).sequence_number == 1);
}

TEST_CASE("An order that is not there, or another account's, is not found") {
  BillingFixture billing;
  const NewProForma order = billing.OrderOf(billing.ids.Next());
  CHECK_REFUSED(billing.invoicing.IssueInvoice(order.order, {billing.ids.Next(), ""}), "PRO_FORMA_NOT_FOUND");
  CHECK_REFUSED(billing.invoicing.CancelProForma(order.order), "PRO_FORMA_NOT_FOUND");
  REQUIRE_OK(billing.invoicing.CreateProForma(order));
  const OrderId stolen{billing.ids.Next(), order.order.id};
  CHECK_REFUSED(billing.invoicing.IssueInvoice(stolen, {billing.ids.Next(), ""}), "PRO_FORMA_NOT_FOUND");
  CHECK_REFUSED(billing.invoicing.CancelProForma(stolen), "PRO_FORMA_NOT_FOUND");
}

TEST_CASE("An issued invoice keeps the buyer and the tax of its pro-forma, whatever the profile becomes") {
  BillingFixture billing;
  const Uuid account = billing.ids.Next();
  SetCountry(billing, account, "DE");
  const core::Document before = billing.Invoice(account);
  SetCountry(billing, account, "ES");
  CHECK(*billing.invoices.Get(account, before.id) == before);
  const core::Document after = billing.Invoice(account);
  CHECK(after.buyer.country_code == "ES");
  CHECK(after.bill.tax_minor == 2'100);
}

TEST_CASE("What costs nothing is invoiced without a charge and without an entry, and credited once") {
  BillingFixture billing;
  const NewProForma order = billing.OrderOf(billing.ids.Next(), 0);
  REQUIRE_OK(billing.invoicing.CreateProForma(order));
  CHECK_REFUSED(billing.invoicing.IssueInvoice(order.order, {billing.ids.Next(), ""}), "REQUEST_INVALID");
  REQUIRE_OK(billing.invoicing.IssueInvoice(order.order, {}));
  CHECK(billing.Count("SELECT count(*) FROM journal_entry") == 0);
  const NewCreditNote credit{order.order, std::nullopt, std::nullopt, std::nullopt,
                             core::CreditReason::kWithdrawal};
  const auto note = billing.invoicing.CreateCreditNote(credit);
  REQUIRE_OK(note);
  CHECK(*billing.invoicing.CreateCreditNote(credit) == *note);
}

TEST_CASE("What costs something needs a charge") {
  BillingFixture billing;
  const NewProForma order = billing.OrderOf(billing.ids.Next());
  REQUIRE_OK(billing.invoicing.CreateProForma(order));
  CHECK_REFUSED(billing.invoicing.IssueInvoice(order.order, {}), "REQUEST_INVALID");
}

TEST_CASE("Credit notes reverse the ledger, sum to the invoice, and never exceed it") {
  BillingFixture billing;
  const core::Document invoice = billing.Invoice(billing.ids.Next(), 9'999);
  const NewCreditNote part = billing.CreditFor(invoice, 777);
  const auto first = billing.invoicing.CreateCreditNote(part);
  REQUIRE_OK(first);
  CHECK(core::NumberOf(*first) == "CN-FR-2027-000001");
  CHECK(*billing.invoicing.CreateCreditNote(part) == *first);  // the same refund again
  CHECK_REFUSED(billing.invoicing.CreateCreditNote(billing.CreditFor(invoice, 11'999)),
                "CREDIT_EXCEEDS_INVOICE");
  NewCreditNote in_dollars = billing.CreditFor(invoice, 1);
  in_dollars.amount->currency = "USD";
  CHECK_REFUSED(billing.invoicing.CreateCreditNote(in_dollars), "CURRENCY_MISMATCH");
  NewCreditNote foreign_refund = billing.CreditFor(invoice, 1);
  foreign_refund.refunded_charge_id = billing.ids.Next();
  CHECK_REFUSED(billing.invoicing.CreateCreditNote(foreign_refund), "REQUEST_INVALID");
  const auto rest = billing.invoicing.CreateCreditNote(billing.CreditFor(invoice, std::nullopt));
  REQUIRE_OK(rest);
  CHECK(first->bill.total_minor + rest->bill.total_minor == invoice.bill.total_minor);
  CHECK(first->bill.tax_minor + rest->bill.tax_minor == invoice.bill.tax_minor);
  CHECK_REFUSED(billing.invoicing.CreateCreditNote(billing.CreditFor(invoice, 1)), "CREDIT_EXCEEDS_INVOICE");
  for (auto account : {core::LedgerAccount::kCashAtGateway, core::LedgerAccount::kDeferredRevenue,
                       core::LedgerAccount::kTaxPayable}) {
    CHECK(BalanceOf(billing, account) == 0);
  }
  CHECK(billing.Count("SELECT count(*) FROM outbox WHERE type = 'credit_note.issued'") == 2);
}

TEST_CASE("An order without an invoice cannot be credited") {
  BillingFixture billing;
  const NewProForma order = billing.OrderOf(billing.ids.Next());
  REQUIRE_OK(billing.invoicing.CreateProForma(order));
  NewCreditNote credit{order.order, billing.ids.Next(), billing.ids.Next(), std::nullopt,
                       core::CreditReason::kCorrection};
  CHECK_REFUSED(billing.invoicing.CreateCreditNote(credit), "INVOICE_NOT_FOUND");
}

TEST_CASE("My invoices come newest first, page by page, of the kind asked for") {
  BillingFixture billing;
  const Uuid account = billing.ids.Next();
  billing.Invoice(billing.ids.Next());
  std::vector<Uuid> newest_first;
  for (int i = 0; i < 5; ++i) {
    billing.clock.Advance(absl::Hours(1));
    newest_first.insert(newest_first.begin(), billing.Invoice(account).id);
  }
  billing.clock.Advance(absl::Hours(1));
  const core::Document oldest = *billing.invoices.Get(account, newest_first.back());
  const auto note = billing.invoicing.CreateCreditNote(billing.CreditFor(oldest, 1'000));
  REQUIRE_OK(note);
  newest_first.insert(newest_first.begin(), note->id);
  std::vector<Uuid> seen;
  std::optional<PagePosition> after;
  for (int page = 0; page < 3; ++page) {
    const auto documents = billing.invoices.List(account, std::nullopt, after, 2);
    REQUIRE_OK(documents);
    for (const core::Document& document : *documents) seen.push_back(document.id);
    after = PagePosition{documents->back().issue_time, documents->back().id};
  }
  CHECK(seen == newest_first);
  CHECK(billing.invoices.List(account, std::nullopt, after, 2)->empty());
  CHECK(billing.invoices.List(account, core::DocumentKind::kInvoice, std::nullopt, 10)->size() == 5);
  CHECK(billing.invoices.List(account, core::DocumentKind::kCreditNote, std::nullopt, 10)->size() == 1);
}

TEST_CASE("The books page through all documents and entries, oldest first") {
  BillingFixture billing;
  const core::Document first = billing.Invoice(billing.ids.Next());
  billing.clock.Advance(absl::Hours(1));
  const core::Document second = billing.Invoice(billing.ids.Next());
  const auto documents = billing.ledger.ListDocuments(std::nullopt, 1);
  REQUIRE_OK(documents);
  REQUIRE(documents->size() == 1);
  CHECK(documents->at(0).id == first.id);
  const auto rest = billing.ledger.ListDocuments(PagePosition{first.issue_time, first.id}, 10);
  REQUIRE(rest->size() == 1);
  CHECK(rest->at(0).id == second.id);
  const auto entries = billing.ledger.ListEntries(std::nullopt, 10);
  REQUIRE_OK(entries);
  REQUIRE(entries->size() == 4);  // claim and payment of each
  CHECK(entries->at(0).entry.document_id == first.id);
  CHECK(entries->at(1).entry.document_id == first.id);
  CHECK(entries->at(0).order_id == first.order_id);
  for (const BookedEntry& booked : *entries) {
    const auto& postings = booked.entry.postings;
    CHECK(std::accumulate(postings.begin(), postings.end(), int64_t{0},
                          [](int64_t sum, const core::Posting& each) { return sum + each.amount_minor; }) ==
          0);
  }
}

}  // namespace perennial::billing
