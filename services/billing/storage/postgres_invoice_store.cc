#include "services/billing/storage/postgres_invoice_store.h"

#include <set>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/billing/storage/accounts.h"
#include "services/billing/storage/invoice_rows.h"
#include "services/billing/storage/invoice_statements.h"
#include "services/billing/storage/ledger_posting.h"
#include "services/billing/storage/pro_forma_rows.h"

namespace perennial::billing {
namespace {

using core::Document;
using core::ProForma;
using core::ProFormaState;

absl::Status InvoiceNotFound() {
  return NotFound("INVOICE_NOT_FOUND", "there is no such invoice");
}

absl::Status ProFormaNotFound() {
  return NotFound("PRO_FORMA_NOT_FOUND", "the order has no pro-forma");
}

absl::Status ChargeUsed() {
  return Precondition("INVOICE_ALREADY_ISSUED", "the charge paid another order's invoice");
}

}  // namespace

absl::StatusOr<std::map<Uuid, ProForma>> PostgresInvoiceStore::FindProFormas(
    const std::vector<Uuid>& order_ids) {
  return ReadProFormas(database_, order_ids);
}

absl::StatusOr<Outcomes<ProForma>> PostgresInvoiceStore::AddProFormas(
    const std::vector<ProForma>& pro_formas) {
  std::map<Uuid, Uuid> pseudonyms;
  std::map<Uuid, ProForma> there_before;
  std::set<Uuid> deleted;
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    std::vector<const ProForma*> missing;
    for (const ProForma& pro_forma : pro_formas) missing.push_back(&pro_forma);
    ASSIGN_OR_RETURN(pseudonyms, InsertProFormas(database_, missing));
    const auto is_there = [&](const ProForma* pro_forma) { return pseudonyms.contains(pro_forma->order_id); };
    std::erase_if(missing, is_there);
    if (missing.empty()) return absl::OkStatus();
    // The first ones of their accounts; or there before.
    std::map<Uuid, Uuid> new_pseudonyms;
    for (const ProForma* pro_forma : missing) {
      new_pseudonyms.emplace(pro_forma->account_id.value(), pro_forma->account_pseudonym);
    }
    ASSIGN_OR_RETURN(deleted, AddPseudonyms(database_, secret_key_, new_pseudonyms));
    ASSIGN_OR_RETURN(const auto added, InsertProFormas(database_, missing));
    pseudonyms.insert(added.begin(), added.end());
    std::erase_if(missing, is_there);
    std::vector<Uuid> orders;
    for (const ProForma* pro_forma : missing) orders.push_back(pro_forma->order_id);
    if (orders.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(there_before, FindProFormas(orders));
    return absl::OkStatus();
  }));
  Outcomes<ProForma> outcomes;
  for (const ProForma& pro_forma : pro_formas) {
    const auto pseudonym = pseudonyms.find(pro_forma.order_id);
    if (pseudonym != pseudonyms.end()) {
      outcomes.push_back(pro_forma);
      outcomes.back()->account_pseudonym = pseudonym->second;
    } else if (deleted.contains(pro_forma.account_id.value())) {
      outcomes.push_back(AccountDeleted());
    } else {
      outcomes.push_back(there_before.at(pro_forma.order_id));
    }
  }
  return outcomes;
}

absl::StatusOr<Outcomes<ProForma>> PostgresInvoiceStore::RenewProFormas(
    const std::vector<RenewedProForma>& pro_formas) {
  std::vector<PaidOrder> orders;
  std::vector<Uuid> ids;
  for (const RenewedProForma& each : pro_formas) {
    orders.push_back({each.read.order_id, std::nullopt});
    ids.push_back(each.read.order_id);
  }
  std::set<Uuid> changed;
  std::map<Uuid, ProForma> stored;
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    changed.clear();
    ASSIGN_OR_RETURN(const auto locked, LockProFormas(database_, orders));
    std::vector<const ProForma*> to_replace;
    for (const auto& [read, renewed] : pro_formas) {
      const auto found = locked.find(read.order_id);
      if (found == locked.end() || found->second.pro_forma.state != ProFormaState::kOpen) continue;
      const ProForma& present = found->second.pro_forma;
      if (present.bill == read.bill && present.buyer == read.buyer) {
        to_replace.push_back(&renewed);
      } else {
        changed.insert(read.order_id);
      }
    }
    if (!to_replace.empty()) RETURN_IF_ERROR(ReplaceProFormas(database_, std::move(to_replace)));
    ASSIGN_OR_RETURN(stored, FindProFormas(ids));
    return absl::OkStatus();
  }));
  Outcomes<ProForma> outcomes;
  for (const Uuid& order_id : ids) {
    const auto found = stored.find(order_id);
    if (changed.contains(order_id)) {
      outcomes.push_back(Refusal(absl::StatusCode::kAborted, "REQUEST_IN_PROGRESS",
                                 "another request changes the same thing; try again"));
    } else {
      outcomes.push_back(found == stored.end() ? absl::StatusOr<ProForma>(ProFormaNotFound())
                                               : found->second);
    }
  }
  return outcomes;
}

absl::StatusOr<ProForma> PostgresInvoiceStore::CancelProForma(
    const Uuid& order_id, absl::FunctionRef<absl::Status(const ProForma&)> decide) {
  std::optional<ProForma> cancelled;
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    ASSIGN_OR_RETURN(const auto locked, LockProFormas(database_, {{order_id, std::nullopt}}));
    if (locked.empty()) return ProFormaNotFound();
    cancelled = locked.at(order_id).pro_forma;
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

absl::StatusOr<Outcomes<Issued>> PostgresInvoiceStore::Issue(
    const std::vector<PaidOrder>& orders,
    absl::FunctionRef<absl::StatusOr<Document>(size_t n, const ProForma&, const Document* issued)> decide) {
  Outcomes<Issued> outcomes;
  const absl::Status status = database_.Transact([&]() -> absl::Status {
    outcomes.assign(orders.size(), ProFormaNotFound());
    ASSIGN_OR_RETURN(const auto locked, LockProFormas(database_, orders));
    std::vector<Uuid> invoiced;
    for (const auto& [order_id, one] : locked) {
      if (one.pro_forma.invoice_id) invoiced.push_back(order_id);
    }
    ASSIGN_OR_RETURN(const auto issued, FindInvoices(database_, invoiced));
    std::vector<Document*> drafts;
    for (size_t n = 0; n < orders.size(); ++n) {
      const auto found = locked.find(orders[n].order_id);
      if (found == locked.end()) continue;
      const auto before = issued.find(found->first);
      absl::StatusOr<Document> document =
          decide(n, found->second.pro_forma, before == issued.end() ? nullptr : &before->second);
      if (document.ok() && document->sequence_number == 0 && found->second.charge_paid) {
        document = ChargeUsed();
      }
      if (!document.ok()) {
        outcomes[n] = document.status();
        continue;
      }
      outcomes[n] = Issued{*std::move(document), false};
      outcomes[n]->is_new = outcomes[n]->document.sequence_number == 0;
      if (outcomes[n]->is_new) drafts.push_back(&outcomes[n]->document);
    }
    if (drafts.empty()) return absl::OkStatus();
    RETURN_IF_ERROR(MarkIssued(database_, {drafts.begin(), drafts.end()}));
    return Save(drafts);
  });
  if (pg::ViolatedConstraint(status) == "invoice_charge") return ChargeUsed();
  RETURN_IF_ERROR(status);
  return outcomes;
}

absl::StatusOr<Issued> PostgresInvoiceStore::Credit(
    const Uuid& order_id,
    absl::FunctionRef<absl::StatusOr<Document>(const Document& invoice,
                                               const std::vector<Document>& credit_notes)>
        decide) {
  Issued result;
  const absl::Status status = database_.Transact([&]() -> absl::Status {
    // Invoices are never locked, for that takes the right to change them: the pro-forma stands for the order.
    ASSIGN_OR_RETURN(const auto locked, LockProFormas(database_, {{order_id, std::nullopt}}));
    if (locked.empty() || !locked.at(order_id).pro_forma.invoice_id) return InvoiceNotFound();
    ASSIGN_OR_RETURN(const auto invoices, FindInvoices(database_, {order_id}));
    const Document& invoice = invoices.at(order_id);
    ASSIGN_OR_RETURN(const std::vector<Document> credit_notes, CreditNotesOn(invoice.id));
    ASSIGN_OR_RETURN(result.document, decide(invoice, credit_notes));
    result.is_new = result.document.sequence_number == 0;
    return result.is_new ? Save({&result.document}) : absl::OkStatus();
  });
  if (pg::ViolatedConstraint(status) == "invoice_refund") {
    return InvalidField("refund", "has the credit note of another order");
  }
  RETURN_IF_ERROR(status);
  return result;
}

absl::Status PostgresInvoiceStore::Save(const std::vector<Document*>& drafts) {
  RETURN_IF_ERROR(TakeNumbers(database_, drafts));
  RETURN_IF_ERROR(InsertDocuments(database_, drafts));
  RETURN_IF_ERROR(Post(database_, {drafts.begin(), drafts.end()}));
  std::vector<Event> events;
  for (const Document* document : drafts) events.push_back(core::IssuedEvent(*document));
  return outbox_.Add(events);
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
