#include "services/billing/core/ledger.h"

#include <cstdlib>
#include <utility>

namespace perennial::billing::core {
namespace {

void Post(JournalEntry& entry, LedgerAccount account, int64_t amount_minor) {
  if (amount_minor != 0) entry.postings.push_back({account, amount_minor});
}

JournalEntry EntryOf(const Document& document, EntryKind kind) {
  return {.id = Uuid::DeriveInOrder(document.id, NameOf(kind)),
          .kind = kind,
          .post_time = document.issue_time,
          .document_id = document.id,
          .time_zone = {},
          .day = {},
          .currency = document.bill.currency,
          .postings = {}};
}

// Money between the gateway and a customer's claim: taken in positive, given back negative.
JournalEntry CashEntry(const Document& document, EntryKind kind, int64_t amount_minor) {
  JournalEntry entry = EntryOf(document, kind);
  Post(entry, LedgerAccount::kCashAtGateway, amount_minor);
  Post(entry, LedgerAccount::kReceivable, -amount_minor);
  return entry;
}

}  // namespace

absl::string_view NameOf(LedgerAccount account) {
  switch (account) {
    case LedgerAccount::kReceivable:
      return "receivable";
    case LedgerAccount::kCashAtGateway:
      return "cash_at_gateway";
    case LedgerAccount::kDeferredRevenue:
      return "deferred_revenue";
    case LedgerAccount::kTaxPayable:
      return "tax_payable";
    case LedgerAccount::kRevenue:
      return "revenue";
    case LedgerAccount::kRefunds:
      return "refunds";
  }
  std::abort();
}

std::optional<LedgerAccount> LedgerAccountOf(absl::string_view name) {
  for (const LedgerAccount account : kLedgerAccounts) {
    if (NameOf(account) == name) return account;
  }
  return std::nullopt;
}

absl::string_view NameOf(EntryKind kind) {
  switch (kind) {
    case EntryKind::kInvoice:
      return "invoice";
    case EntryKind::kPayment:
      return "payment";
    case EntryKind::kCreditNote:
      return "credit_note";
    case EntryKind::kRefund:
      return "refund";
    case EntryKind::kRecognition:
      return "recognition";
    case EntryKind::kLateRecognition:
      return "late_recognition";
  }
  std::abort();
}

std::optional<EntryKind> EntryKindOf(absl::string_view name) {
  for (const EntryKind kind : kEntryKinds) {
    if (NameOf(kind) == name) return kind;
  }
  return std::nullopt;
}

std::vector<JournalEntry> EntriesOfInvoice(const Document& invoice) {
  const Bill& bill = invoice.bill;
  if (bill.total_minor == 0) return {};
  JournalEntry claim = EntryOf(invoice, EntryKind::kInvoice);
  Post(claim, LedgerAccount::kReceivable, bill.total_minor);
  Post(claim, LedgerAccount::kDeferredRevenue, -bill.net_minor);
  Post(claim, LedgerAccount::kTaxPayable, -bill.tax_minor);
  return {std::move(claim), CashEntry(invoice, EntryKind::kPayment, bill.total_minor)};
}

std::vector<JournalEntry> EntriesOfCreditNote(const Document& note, const Reversal& reversed) {
  const Bill& bill = note.bill;
  if (bill.total_minor == 0) return {};
  JournalEntry claim = EntryOf(note, EntryKind::kCreditNote);
  Post(claim, LedgerAccount::kReceivable, -bill.total_minor);
  Post(claim, LedgerAccount::kDeferredRevenue, reversed.deferred_minor);
  Post(claim, LedgerAccount::kRefunds, reversed.recognised_minor);
  Post(claim, LedgerAccount::kTaxPayable, bill.tax_minor);
  return {std::move(claim), CashEntry(note, EntryKind::kRefund, -bill.total_minor)};
}

JournalEntry EntryOfRecognition(EntryKind kind, const Uuid& id, absl::Time post_time, std::string time_zone,
                                CivilDate day, std::string currency, int64_t amount_minor) {
  JournalEntry entry{.id = id,
                     .kind = kind,
                     .post_time = post_time,
                     .document_id = {},
                     .time_zone = std::move(time_zone),
                     .day = day,
                     .currency = std::move(currency),
                     .postings = {}};
  Post(entry, LedgerAccount::kDeferredRevenue, amount_minor);
  Post(entry, LedgerAccount::kRevenue, -amount_minor);
  return entry;
}

}  // namespace perennial::billing::core
