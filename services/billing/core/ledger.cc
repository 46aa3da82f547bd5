#include "services/billing/core/ledger.h"

#include <cstdlib>

namespace perennial::billing::core {

absl::string_view NameOf(LedgerAccount account) {
  switch (account) {
    case LedgerAccount::kCashAtGateway:
      return "cash_at_gateway";
    case LedgerAccount::kDeferredRevenue:
      return "deferred_revenue";
    case LedgerAccount::kTaxPayable:
      return "tax_payable";
  }
  std::abort();
}

std::optional<JournalEntry> EntryFor(const Document& document) {
  const Bill& bill = document.bill;
  if (bill.total_minor == 0) return std::nullopt;
  const int64_t sign = document.kind == DocumentKind::kInvoice ? 1 : -1;
  JournalEntry entry{
      Uuid::Derive(document.id, "journal entry"), document.issue_time, document.id, bill.currency, {}};
  const auto post = [&](LedgerAccount account, int64_t amount_minor) {
    if (amount_minor != 0) entry.postings.push_back({account, sign * amount_minor});
  };
  post(LedgerAccount::kCashAtGateway, bill.total_minor);
  post(LedgerAccount::kDeferredRevenue, -bill.net_minor);
  post(LedgerAccount::kTaxPayable, -bill.tax_minor);
  return entry;
}

}  // namespace perennial::billing::core
