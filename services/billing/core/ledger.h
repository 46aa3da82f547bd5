#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/civil_date.h"
#include "libs/base/uuid.h"
#include "services/billing/core/document.h"
#include "services/billing/core/recognition.h"

namespace perennial::billing::core {

enum class LedgerAccount {
  kReceivable,       // asset: what customers owe us
  kCashAtGateway,    // asset: what the payment gateway holds for us
  kDeferredRevenue,  // liability: paid terms that are still to be delivered
  kTaxPayable,       // liability: VAT that we owe
  kRevenue,          // income: days of terms that were delivered
  kRefunds,          // less income: delivered days that were credited all the same
};
inline constexpr LedgerAccount kLedgerAccounts[] = {
    LedgerAccount::kReceivable, LedgerAccount::kCashAtGateway, LedgerAccount::kDeferredRevenue,
    LedgerAccount::kTaxPayable, LedgerAccount::kRevenue,       LedgerAccount::kRefunds};

// The account's name in tables and in the contract: "cash_at_gateway".
absl::string_view NameOf(LedgerAccount account);
std::optional<LedgerAccount> LedgerAccountOf(absl::string_view name);

enum class EntryKind {
  kInvoice,          // the customer owes a term and its tax
  kPayment,          // the gateway took it
  kCreditNote,       // the customer is owed
  kRefund,           // the gateway gave it back
  kRecognition,      // a day of all terms of a time zone was delivered
  kLateRecognition,  // the same for days that were over before their invoice was issued
};
inline constexpr EntryKind kEntryKinds[] = {EntryKind::kInvoice,     EntryKind::kPayment,
                                            EntryKind::kCreditNote,  EntryKind::kRefund,
                                            EntryKind::kRecognition, EntryKind::kLateRecognition};

// "credit_note".
absl::string_view NameOf(EntryKind kind);
std::optional<EntryKind> EntryKindOf(absl::string_view name);

// One side of an entry: debit positive, credit negative, never 0.
struct Posting {
  LedgerAccount account;
  int64_t amount_minor;

  bool operator==(const Posting&) const = default;
};

// Of one currency; the postings sum to 0.
struct JournalEntry {
  Uuid id;
  EntryKind kind;
  absl::Time post_time;
  std::optional<Uuid> document_id;  // of the first four kinds
  std::string time_zone;            // of the last two
  std::optional<CivilDate> day;     // of the last two: through which the terms were delivered
  std::string currency;
  std::vector<Posting> postings;
};

// What an invoice moves: it claims the total, against a term and a tax that are owed from now on; and, for it
// is issued at capture, the gateway paid the claim. Nothing for a total of 0.
std::vector<JournalEntry> EntriesOfInvoice(const Document& invoice);

// What a credit note moves: it takes back the tax and the net, of that what was delivered already from
// income; and the gateway gives it back. `reversed` is of all its lines, and together its net.
std::vector<JournalEntry> EntriesOfCreditNote(const Document& note, const Reversal& reversed);

// Days delivered: `amount_minor`, not 0, becomes income.
JournalEntry EntryOfRecognition(EntryKind kind, const Uuid& id, absl::Time post_time, std::string time_zone,
                                CivilDate day, std::string currency, int64_t amount_minor);

}  // namespace perennial::billing::core
