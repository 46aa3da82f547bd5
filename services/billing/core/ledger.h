#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/uuid.h"
#include "services/billing/core/document.h"

namespace perennial::billing::core {

enum class LedgerAccount {
  kCashAtGateway,    // asset: what the payment gateway holds for us
  kDeferredRevenue,  // liability: paid terms that are still to be delivered
  kTaxPayable,       // liability: VAT that we owe
};

// The account's name in tables and in the contract: "cash_at_gateway".
absl::string_view NameOf(LedgerAccount account);

// One side of an entry: debit positive, credit negative, never 0.
struct Posting {
  LedgerAccount account;
  int64_t amount_minor;

  bool operator==(const Posting&) const = default;
};

// Of one currency; the postings sum to 0.
struct JournalEntry {
  Uuid id;
  absl::Time post_time;
  Uuid document_id;
  std::string currency;
  std::vector<Posting> postings;
};

// What a numbered document moves: an invoice takes the total in, against revenue and tax that are owed now; a
// credit note is the reverse. Nothing for a total of 0.
std::optional<JournalEntry> EntryFor(const Document& document);

}  // namespace perennial::billing::core
