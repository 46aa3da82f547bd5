#include "services/billing/app/books.h"

#include "libs/base/status_macros.h"

namespace perennial::billing {
namespace {

// Entries carry the time of before their transaction. One that commits later still is added to the sums.
constexpr absl::Duration kLatestCommit = absl::Hours(1);

}  // namespace

absl::StatusOr<Statement> Books::StatementOf(const LedgerColumn& column, PagePosition after,
                                             absl::Time before, int limit) {
  Statement statement;
  ASSIGN_OR_RETURN(statement.opening_minor, store_.BalanceThrough(column, after));
  ASSIGN_OR_RETURN(const std::vector<BookedEntry> entries, store_.ListColumn(column, after, before, limit));
  int64_t balance_minor = statement.opening_minor;
  for (const BookedEntry& booked : entries) {
    int64_t amount_minor = 0;
    for (const core::Posting& posting : booked.entry.postings) {
      if (posting.account == column.account) amount_minor += posting.amount_minor;
    }
    balance_minor += amount_minor;
    statement.lines.push_back({booked, amount_minor, balance_minor});
  }
  return statement;
}

absl::StatusOr<int> Books::CloseDue() {
  ASSIGN_OR_RETURN(const bool closed, store_.CloseDay(clock_.Now() - kLatestCommit));
  return closed ? 1 : 0;
}

}  // namespace perennial::billing
