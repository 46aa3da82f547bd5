#include "services/billing/storage/invoice_rows.h"

#include <algorithm>
#include <utility>

#include "libs/base/status_macros.h"
#include "services/billing/storage/document_json.h"
#include "services/billing/storage/invoice_statements.h"

namespace perennial::billing {
namespace {

using core::Document;

// Documents as columns, the n-th of each of the n-th.
struct Columns {
  std::vector<Uuid> ids, pseudonyms, orders;
  std::vector<std::optional<Uuid>> charges, refunds, credited;
  std::vector<std::string> kinds, series, currencies, contents;
  std::vector<absl::Time> times;
  std::vector<int64_t> numbers, nets, taxes;

  explicit Columns(const std::vector<Document*>& documents) {
    for (const Document* document : documents) {
      ids.push_back(document->id);
      kinds.push_back(ToText(document->kind));
      pseudonyms.push_back(document->account_pseudonym);
      series.push_back(document->series);
      numbers.push_back(document->sequence_number);
      times.push_back(document->issue_time);
      orders.push_back(document->order_id);
      charges.push_back(document->charge_id);
      refunds.push_back(document->refund_id);
      credited.push_back(document->credited_invoice_id);
      currencies.push_back(document->bill.currency);
      nets.push_back(document->bill.net_minor);
      taxes.push_back(document->bill.tax_minor);
      contents.push_back(ContentToJson(*document));
    }
  }
};

}  // namespace

void ReadSums(const pg::Row& row, core::Bill& bill) {
  bill.currency = row.Get<std::string>("currency");
  bill.net_minor = row.Get<int64_t>("net_minor");
  bill.tax_minor = row.Get<int64_t>("tax_minor");
  bill.total_minor = row.Get<int64_t>("total_minor");
}

Document ReadDocument(const pg::Row& row) {
  Document document;
  document.id = row.Get<Uuid>("id");
  document.kind = DocumentKindFromText(row.Get<std::string>("kind"));
  document.account_id = row.Get<std::optional<Uuid>>("account_id");
  document.account_pseudonym = row.Get<Uuid>("account_pseudonym");
  document.series = row.Get<std::string>("series");
  document.sequence_number = row.Get<int64_t>("sequence_number");
  document.issue_time = row.Get<absl::Time>("issue_time");
  document.order_id = row.Get<Uuid>("order_id");
  document.charge_id = row.Get<std::optional<Uuid>>("charge_id");
  document.refund_id = row.Get<std::optional<Uuid>>("refund_id");
  document.credited_invoice_id = row.Get<std::optional<Uuid>>("credited_invoice_id");
  ReadSums(row, document.bill);
  ContentFromJson(row.Get<std::string>("content"), document);
  document.hash = row.Get<std::string>("hash");
  return document;
}

std::vector<Document> ReadDocuments(const pg::Rows& rows) {
  std::vector<Document> documents;
  for (const pg::Row row : rows) documents.push_back(ReadDocument(row));
  return documents;
}

absl::StatusOr<std::map<Uuid, Document>> FindInvoices(pg::Database& database,
                                                      const std::vector<Uuid>& order_ids) {
  std::map<Uuid, Document> found;
  if (order_ids.empty()) return found;
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database.Query(PERENNIAL_DOCUMENTS "WHERE i.order_id = ANY($1) AND i.kind = 'invoice'", order_ids));
  for (Document& document : ReadDocuments(rows)) {
    const Uuid order_id = document.order_id;
    found.emplace(order_id, std::move(document));
  }
  return found;
}

absl::Status TakeNumbers(pg::Database& database, const std::vector<Document*>& drafts) {
  std::map<std::string, std::vector<Document*>> by_series;
  for (Document* draft : drafts) by_series[draft->series].push_back(draft);
  std::vector<std::string> names;
  std::vector<absl::Time> times;
  std::vector<int64_t> counts;
  for (const auto& [name, of_series] : by_series) {
    absl::Time latest = absl::InfinitePast();
    for (const Document* draft : of_series) latest = std::max(latest, draft->issue_time);
    names.push_back(name);
    counts.push_back(static_cast<int64_t>(of_series.size()));
    times.push_back(latest);
  }
  // In the order of their names, for all who number: nobody waits crosswise.
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database.Query("INSERT INTO series (name, last_number, last_issue_time) SELECT n.name, n.count, "
                     "n.time FROM unnest($1::text[], $2::bigint[], $3::timestamptz[]) "
                     "AS n (name, count, time) ORDER BY n.name COLLATE \"C\" "
                     "ON CONFLICT (name) DO UPDATE SET last_number = series.last_number + "
                     "excluded.last_number, last_issue_time = greatest(series.last_issue_time, "
                     "excluded.last_issue_time) RETURNING name, last_number, last_issue_time",
                     names, counts, times));
  for (const pg::Row row : rows) {
    const std::vector<Document*>& of_series = by_series.at(row.Get<std::string>("name"));
    int64_t number = row.Get<int64_t>("last_number") - static_cast<int64_t>(of_series.size());
    const auto time = row.Get<absl::Time>("last_issue_time");
    for (Document* draft : of_series) core::Number(*draft, ++number, time);
  }
  return absl::OkStatus();
}

absl::Status InsertDocuments(pg::Database& database, const std::vector<Document*>& documents) {
  const Columns c(documents);
  // By number: each is chained to its predecessor, which must be there.
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database.Query(
          "INSERT INTO invoice (id, kind, account_pseudonym, series, sequence_number, issue_time, order_id, "
          "charge_id, refund_id, credited_invoice_id, currency, net_minor, tax_minor, total_minor, content) "
          "SELECT d.id, d.kind, d.pseudonym, d.series, d.number, d.time, d.order_id, d.charge, d.refund, "
          "d.credited, d.currency, d.net, d.tax, d.net + d.tax, d.content::json FROM unnest($1::uuid[], "
          "$2::text[], $3::uuid[], $4::text[], $5::bigint[], $6::timestamptz[], $7::uuid[], $8::uuid[], "
          "$9::uuid[], $10::uuid[], $11::text[], $12::bigint[], $13::bigint[], $14::text[]) "
          "AS d (id, kind, pseudonym, series, number, time, order_id, charge, refund, credited, currency, "
          "net, tax, content) "
          "ORDER BY d.series, d.number RETURNING id, encode(hash, 'hex') AS hash",
          c.ids, c.kinds, c.pseudonyms, c.series, c.numbers, c.times, c.orders, c.charges, c.refunds,
          c.credited, c.currencies, c.nets, c.taxes, c.contents));
  std::map<Uuid, std::string> hashes;
  for (const pg::Row row : rows) hashes.emplace(row.Get<Uuid>("id"), row.Get<std::string>("hash"));
  for (Document* document : documents) document->hash = hashes.at(document->id);
  return absl::OkStatus();
}

}  // namespace perennial::billing
