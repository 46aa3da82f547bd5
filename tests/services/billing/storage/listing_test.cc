#include <nlohmann/json.hpp>

#include "services/billing/app/invoices.h"
#include "services/billing/rpc/personal_data_handler.h"
#include "services/billing/storage/invoice_statements.h"
#include "tests/services/billing/support.h"

// What a customer pays for a long history (R25): nothing, page by page.
namespace perennial::billing {
namespace {

using nlohmann::json;

// Of one account: half are invoices, and all credit notes are newer, which is the worst for whoever looks for
// invoices among them.
constexpr int kDocuments = 100'000;

void Fill(BillingFixture& billing, const core::Document& invoice) {
  pqxx::connection connection(billing.postgres.url());
  pqxx::work work(connection);
  const std::string columns =
      "(id, kind, account_pseudonym, series, sequence_number, issue_time, order_id, charge_id, refund_id, "
      "credited_invoice_id, currency, net_minor, tax_minor, total_minor, content) ";
  work.exec(absl::StrCat(
      "INSERT INTO invoice ", columns, "SELECT gen_random_uuid(), 'invoice', account_pseudonym, series, n, ",
      "issue_time + n * interval '1 minute', gen_random_uuid(), gen_random_uuid(), NULL, NULL, currency, ",
      "net_minor, tax_minor, total_minor, content FROM invoice, generate_series(2, ", kDocuments / 2, ") n"));
  work.exec(absl::StrCat("INSERT INTO invoice ", columns,
                         "SELECT gen_random_uuid(), 'credit_note', account_pseudonym, 'CN', n, ",
                         "issue_time + interval '1 year' + n * interval '1 minute', order_id, charge_id, "
                         "gen_random_uuid(), id, ",
                         "currency, 0, 0, 0, content FROM invoice, generate_series(1, ", kDocuments / 2,
                         ") n WHERE id = '", invoice.id.ToString(), "'"));
  work.exec("ANALYZE invoice; ANALYZE account_pseudonym");
  work.commit();
}

// What one run of a statement did: its kinds of nodes, and how many rows the scans of documents read in all.
struct Run {
  std::string plan;
  int64_t rows = 0;
  bool scans_table = false;
  int64_t sorted = 0;
};

void Look(const json& node, Run& run) {
  const std::string type = node.at("Node Type");
  const int64_t rows = node.at("Actual Rows").get<int64_t>() * node.at("Actual Loops").get<int64_t>();
  const bool is_invoice = node.value("Relation Name", "") == "invoice";
  if (is_invoice) run.rows += rows + node.value("Rows Removed by Filter", int64_t{0});
  run.scans_table = run.scans_table || (is_invoice && type != "Index Scan");
  if (type == "Sort" || type == "Incremental Sort") run.sorted += rows;
  if (node.contains("Plans")) {
    for (const json& child : node.at("Plans")) Look(child, run);
  }
}

template <typename... Args>
Run Explain(BillingFixture& billing, const std::string& sql, const Args&... args) {
  const absl::StatusOr<pg::Rows> rows =
      billing.postgres.database().Query("EXPLAIN (ANALYZE, FORMAT JSON) " + sql, args...);
  REQUIRE_OK(rows);
  Run run;
  run.plan = (*rows)[0].Get<std::string>("QUERY PLAN");
  Look(json::parse(run.plan).at(0).at("Plan"), run);
  return run;
}

}  // namespace

TEST_CASE("With 100,000 documents in one account's history a page reads a page, and one document one row") {
  BillingFixture billing;
  const Uuid account = billing.ids.Next();
  const core::Document invoice = billing.Invoice(account);
  Fill(billing, invoice);
  const absl::Time end = absl::FromCivil(absl::CivilYear(9999), absl::UTCTimeZone());
  const absl::Time middle = invoice.issue_time + absl::Minutes(kDocuments / 4);
  const int limit = 201;
  for (const auto& [sql, kinds] :
       {std::pair{kPageOfInvoices, 1}, {kPageOfCreditNotes, 1}, {kPageOfBoth, 2}}) {
    for (const absl::Time from : {end, middle}) {
      const Run run = Explain(billing, sql, account, from, Uuid(), limit);
      INFO(run.plan);
      CHECK_FALSE(run.scans_table);
      CHECK(run.rows <= kinds * limit);
      CHECK(run.sorted == 0);
    }
  }
  const Run one = Explain(billing, kDocumentOfAccount, invoice.id, account);
  INFO(one.plan);
  CHECK_FALSE(one.scans_table);
  CHECK(one.rows == 1);

  // The last page is as near as the first.
  const auto oldest = billing.invoices.List(
      account, std::nullopt, PagePosition{invoice.issue_time + absl::Minutes(3), Uuid()}, limit);
  REQUIRE_OK(oldest);
  REQUIRE(oldest->size() == 2);
  CHECK(oldest->back().id == invoice.id);

  // Nobody gets more in one answer than a client takes.
  Invoices invoices(billing.invoices, billing.pdf, billing.ubl);
  const auto exported = ExportAsJson(billing.profiles, invoices, CustomerOf(account), account);
  REQUIRE_OK(exported);
  CHECK(exported->size() < (3 << 20) + 10'000);
  const json documents = json::parse(*exported).at("invoices");
  CHECK_FALSE(documents.at("is_complete"));
  CHECK(documents.at("items").size() > 500);
  CHECK(documents.at("items").at(0).at("kind") == "INVOICE_KIND_CREDIT_NOTE");
}

TEST_CASE(
    "The export of personal data has all documents of an account, if they fit, and nobody else's (R7)") {
  BillingFixture billing;
  const Uuid account = billing.ids.Next();
  const core::Document invoice = billing.Invoice(account);
  REQUIRE_OK(billing.invoicing.CreateCreditNote(billing.CreditFor(invoice, 100)));
  billing.Invoice(billing.ids.Next());
  Invoices invoices(billing.invoices, billing.pdf, billing.ubl);
  const auto exported = ExportAsJson(billing.profiles, invoices, CustomerOf(account), account);
  REQUIRE_OK(exported);
  const json documents = json::parse(*exported).at("invoices");
  CHECK(documents.at("is_complete"));
  CHECK(documents.at("items").size() == 2);
  CHECK_REFUSED(ExportAsJson(billing.profiles, invoices, CustomerOf(billing.ids.Next()), account),
                "ACCOUNT_NOT_FOUND");
}

}  // namespace perennial::billing
