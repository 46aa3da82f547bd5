#include "services/billing/storage/postgres_invoice_store.h"

#include <cstdlib>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/billing/storage/accounts.h"
#include "services/billing/storage/document_json.h"
#include "services/billing/storage/invoice_statements.h"
#include "services/billing/storage/ledger_posting.h"

// The text of a statement must be a constant: these are its parts.
#define PRO_FORMAS                                                                                          \
  "SELECT p.order_id, a.account_id, p.account_pseudonym, p.state, p.language, p.time_zone, p.currency, "    \
  "p.net_minor, p.tax_minor, p.total_minor, p.buyer, p.lines, p.invoice_id, p.created_at FROM pro_forma p " \
  "LEFT JOIN account_pseudonym a ON a.pseudonym = p.account_pseudonym WHERE p.order_id = $1"

namespace perennial::billing {
namespace {

using core::Document;
using core::ProForma;
using core::ProFormaState;

std::string ToText(ProFormaState state) {
  switch (state) {
    case ProFormaState::kOpen:
      return "open";
    case ProFormaState::kIssued:
      return "issued";
    case ProFormaState::kCancelled:
      return "cancelled";
  }
  std::abort();
}

ProFormaState StateFromText(const std::string& text) {
  for (auto state : {ProFormaState::kOpen, ProFormaState::kIssued, ProFormaState::kCancelled}) {
    if (ToText(state) == text) return state;
  }
  std::abort();
}

void ReadSums(const pg::Row& row, core::Bill& bill) {
  bill.currency = row.Get<std::string>("currency");
  bill.net_minor = row.Get<int64_t>("net_minor");
  bill.tax_minor = row.Get<int64_t>("tax_minor");
  bill.total_minor = row.Get<int64_t>("total_minor");
}

ProForma ReadProForma(const pg::Row& row) {
  ProForma pro_forma;
  pro_forma.order_id = row.Get<Uuid>("order_id");
  pro_forma.account_id = row.Get<std::optional<Uuid>>("account_id");
  pro_forma.account_pseudonym = row.Get<Uuid>("account_pseudonym");
  pro_forma.state = StateFromText(row.Get<std::string>("state"));
  pro_forma.language = LanguageFromText(row.Get<std::string>("language"));
  pro_forma.time_zone = row.Get<std::string>("time_zone");
  ReadSums(row, pro_forma.bill);
  LinesFromJson(row.Get<std::string>("lines"), pro_forma.bill);
  const auto buyer = row.Get<std::optional<std::string>>("buyer");
  if (buyer) pro_forma.buyer = PartyFromJson(*buyer);
  pro_forma.invoice_id = row.Get<std::optional<Uuid>>("invoice_id");
  pro_forma.created_at = row.Get<absl::Time>("created_at");
  return pro_forma;
}

Document ReadDocument(const pg::Row& row) {
  Document document;
  document.kind = DocumentKindFromText(row.Get<std::string>("kind"));
  document.id = row.Get<Uuid>("id");
  document.account_id = row.Get<std::optional<Uuid>>("account_id");
  document.account_pseudonym = row.Get<Uuid>("account_pseudonym");
  document.series = row.Get<std::string>("series");
  document.sequence_number = row.Get<int64_t>("sequence_number");
  document.issue_time = row.Get<absl::Time>("issue_time");
  ReadSums(row, document.bill);
  document.order_id = row.Get<Uuid>("order_id");
  document.charge_id = row.Get<std::optional<Uuid>>("charge_id");
  document.refund_id = row.Get<std::optional<Uuid>>("refund_id");
  document.credited_invoice_id = row.Get<std::optional<Uuid>>("credited_invoice_id");
  ContentFromJson(row.Get<std::string>("content"), document);
  document.hash = row.Get<std::string>("hash");
  return document;
}

std::vector<Document> ReadDocuments(const pg::Rows& rows) {
  std::vector<Document> documents;
  for (const pg::Row row : rows) documents.push_back(ReadDocument(row));
  return documents;
}

absl::Status InvoiceNotFound() {
  return NotFound("INVOICE_NOT_FOUND", "there is no such invoice");
}

absl::Status ProFormaNotFound() {
  return NotFound("PRO_FORMA_NOT_FOUND", "the order has no pro-forma");
}

}  // namespace

absl::StatusOr<std::optional<ProForma>> PostgresInvoiceStore::FindProForma(const Uuid& order_id) {
  ASSIGN_OR_RETURN(const pg::Rows rows, database_.Query(PRO_FORMAS, order_id));
  return rows.empty() ? std::nullopt : std::optional(ReadProForma(rows[0]));
}

absl::StatusOr<std::optional<ProForma>> PostgresInvoiceStore::LockProForma(const Uuid& order_id) {
  ASSIGN_OR_RETURN(const pg::Rows rows, database_.Query(PRO_FORMAS " FOR UPDATE OF p", order_id));
  return rows.empty() ? std::nullopt : std::optional(ReadProForma(rows[0]));
}

absl::StatusOr<ProForma> PostgresInvoiceStore::AddProForma(const Uuid& account_id,
                                                           const ProForma& pro_forma) {
  std::optional<ProForma> stored;
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(LockLivingAccount(database_, secret_key_, account_id));
    RETURN_IF_ERROR(database_
                        .Query("INSERT INTO account_pseudonym (account_id, pseudonym) VALUES ($1, $2) "
                               "ON CONFLICT (account_id) DO NOTHING",
                               account_id, pro_forma.account_pseudonym)
                        .status());
    const core::Bill& bill = pro_forma.bill;
    RETURN_IF_ERROR(
        database_
            .Query(
                "INSERT INTO pro_forma (order_id, account_pseudonym, state, language, time_zone, currency, "
                "net_minor, tax_minor, total_minor, buyer, lines, created_at) "
                "SELECT $1, pseudonym, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 FROM account_pseudonym "
                "WHERE account_id = $2 ON CONFLICT (order_id) DO NOTHING",
                pro_forma.order_id, account_id, ToText(ProFormaState::kOpen),
                billing::ToText(pro_forma.language), pro_forma.time_zone, bill.currency, bill.net_minor,
                bill.tax_minor, bill.total_minor, PartyToJson(pro_forma.buyer.value()), LinesToJson(bill),
                pro_forma.created_at)
            .status());
    ASSIGN_OR_RETURN(stored, FindProForma(pro_forma.order_id));
    return absl::OkStatus();
  }));
  return *std::move(stored);
}

absl::StatusOr<ProForma> PostgresInvoiceStore::RenewProForma(const ProForma& pro_forma) {
  const core::Bill& bill = pro_forma.bill;
  std::optional<ProForma> stored;
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(
        database_
            .Query("UPDATE pro_forma SET currency = $2, net_minor = $3, tax_minor = $4, "
                   "total_minor = $5, buyer = $6, lines = $7 WHERE order_id = $1 AND state = 'open'",
                   pro_forma.order_id, bill.currency, bill.net_minor, bill.tax_minor, bill.total_minor,
                   PartyToJson(pro_forma.buyer.value()), LinesToJson(bill))
            .status());
    ASSIGN_OR_RETURN(stored, FindProForma(pro_forma.order_id));
    return stored ? absl::OkStatus() : ProFormaNotFound();
  }));
  return *std::move(stored);
}

absl::StatusOr<ProForma> PostgresInvoiceStore::CancelProForma(
    const Uuid& order_id, absl::FunctionRef<absl::Status(const ProForma&)> decide) {
  std::optional<ProForma> cancelled;
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    ASSIGN_OR_RETURN(cancelled, LockProForma(order_id));
    if (!cancelled) return ProFormaNotFound();
    RETURN_IF_ERROR(decide(*cancelled));
    if (cancelled->state == ProFormaState::kCancelled) return absl::OkStatus();
    cancelled->state = ProFormaState::kCancelled;
    cancelled->buyer.reset();
    // The account may have been deleted while the order was under way: then its last traces go now (R7).
    return database_
        .Query(
            "UPDATE pro_forma SET state = 'cancelled', buyer = NULL, lines = CASE WHEN $2 "
            "THEN '{\"lines\":[],\"tax_lines\":[]}'::json ELSE lines END WHERE order_id = $1",
            order_id, !cancelled->account_id.has_value())
        .status();
  }));
  return *std::move(cancelled);
}

absl::StatusOr<Issued> PostgresInvoiceStore::Issue(
    const Uuid& order_id,
    absl::FunctionRef<absl::StatusOr<Document>(const ProForma&, const Document* issued)> decide) {
  Issued result;
  const absl::Status status = database_.Transact([&]() -> absl::Status {
    ASSIGN_OR_RETURN(const std::optional<ProForma> pro_forma, LockProForma(order_id));
    if (!pro_forma) return ProFormaNotFound();
    std::optional<Document> before;
    if (pro_forma->invoice_id) {
      ASSIGN_OR_RETURN(before, FindInvoice(order_id));
    }
    ASSIGN_OR_RETURN(result.document, decide(*pro_forma, before ? &*before : nullptr));
    result.is_new = result.document.sequence_number == 0;
    if (!result.is_new) return absl::OkStatus();
    RETURN_IF_ERROR(Save(result.document));
    return database_
        .Query(
            "UPDATE pro_forma SET state = 'issued', buyer = NULL, invoice_id = $2, lines = CASE WHEN $3 "
            "THEN '{\"lines\":[],\"tax_lines\":[]}'::json ELSE lines END WHERE order_id = $1",
            order_id, result.document.id, !pro_forma->account_id.has_value())
        .status();
  });
  if (pg::ViolatedConstraint(status) == "invoice_charge") {
    return Precondition("INVOICE_ALREADY_ISSUED", "the charge paid another order's invoice");
  }
  RETURN_IF_ERROR(status);
  return result;
}

absl::StatusOr<Issued> PostgresInvoiceStore::Credit(
    const Uuid& order_id,
    absl::FunctionRef<absl::StatusOr<Document>(const Document& invoice,
                                               const std::vector<Document>& credit_notes)>
        decide) {
  Issued result;
  const absl::Status status = database_.Transact([&]() -> absl::Status {
    // Invoices are never locked, for that takes the right to change them: the pro-forma stands for the order.
    ASSIGN_OR_RETURN(const std::optional<ProForma> pro_forma, LockProForma(order_id));
    if (!pro_forma || !pro_forma->invoice_id) return InvoiceNotFound();
    ASSIGN_OR_RETURN(const std::optional<Document> invoice, FindInvoice(order_id));
    ASSIGN_OR_RETURN(const std::vector<Document> credit_notes, CreditNotesOn(invoice->id));
    ASSIGN_OR_RETURN(result.document, decide(*invoice, credit_notes));
    result.is_new = result.document.sequence_number == 0;
    return result.is_new ? Save(result.document) : absl::OkStatus();
  });
  if (pg::ViolatedConstraint(status) == "invoice_refund") {
    return InvalidField("refund", "has the credit note of another order");
  }
  RETURN_IF_ERROR(status);
  return result;
}

absl::Status PostgresInvoiceStore::Save(Document& draft) {
  // Locks the series until the transaction ends: who comes next sees this number committed, or free again.
  ASSIGN_OR_RETURN(
      const pg::Rows next,
      database_.Query("INSERT INTO series (name, last_number, last_issue_time) VALUES ($1, 1, $2) "
                      "ON CONFLICT (name) DO UPDATE SET last_number = series.last_number + 1, "
                      "last_issue_time = greatest(series.last_issue_time, excluded.last_issue_time) "
                      "RETURNING last_number, last_issue_time",
                      draft.series, draft.issue_time));
  core::Number(draft, next[0].Get<int64_t>("last_number"), next[0].Get<absl::Time>("last_issue_time"));
  RETURN_IF_ERROR(Insert(draft));
  RETURN_IF_ERROR(Post(database_, draft));
  return outbox_.Add({core::IssuedEvent(draft)});
}

absl::Status PostgresInvoiceStore::Insert(Document& document) {
  const core::Bill& bill = document.bill;
  ASSIGN_OR_RETURN(
      const pg::Rows inserted,
      database_.Query(
          "INSERT INTO invoice (id, kind, account_pseudonym, series, sequence_number, issue_time, order_id, "
          "charge_id, refund_id, credited_invoice_id, currency, net_minor, tax_minor, total_minor, content) "
          "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) "
          "RETURNING encode(hash, 'hex') AS hash",
          document.id, billing::ToText(document.kind), document.account_pseudonym, document.series,
          document.sequence_number, document.issue_time, document.order_id, document.charge_id,
          document.refund_id, document.credited_invoice_id, bill.currency, bill.net_minor, bill.tax_minor,
          bill.total_minor, ContentToJson(document)));
  document.hash = inserted[0].Get<std::string>("hash");
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Document>> PostgresInvoiceStore::FindInvoice(const Uuid& order_id) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query(PERENNIAL_DOCUMENTS "WHERE i.order_id = $1 AND i.kind = 'invoice'", order_id));
  return rows.empty() ? std::nullopt : std::optional(ReadDocument(rows[0]));
}

absl::StatusOr<std::vector<Document>> PostgresInvoiceStore::CreditNotesOn(const Uuid& invoice_id) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query(PERENNIAL_DOCUMENTS "WHERE i.credited_invoice_id = $1 AND i.kind = 'credit_note' "
                                          "ORDER BY i.issue_time, i.id",
                      invoice_id));
  return ReadDocuments(rows);
}

absl::StatusOr<Document> PostgresInvoiceStore::Get(const Uuid& account_id, const Uuid& id) {
  ASSIGN_OR_RETURN(const pg::Rows rows, database_.Query(kDocumentOfAccount, id, account_id));
  if (rows.empty()) return InvoiceNotFound();
  return ReadDocument(rows[0]);
}

absl::StatusOr<std::vector<Document>> PostgresInvoiceStore::List(const Uuid& account_id,
                                                                 std::optional<core::DocumentKind> kind,
                                                                 std::optional<PagePosition> after,
                                                                 int limit) {
  const absl::string_view sql = !kind                                   ? kPageOfBoth
                                : *kind == core::DocumentKind::kInvoice ? kPageOfInvoices
                                                                        : kPageOfCreditNotes;
  const PagePosition from =
      after.value_or(PagePosition{absl::FromCivil(absl::CivilYear(9999), absl::UTCTimeZone()), Uuid()});
  ASSIGN_OR_RETURN(const pg::Rows rows, database_.Query(sql, account_id, from.time, from.id, limit));
  return ReadDocuments(rows);
}

}  // namespace perennial::billing
