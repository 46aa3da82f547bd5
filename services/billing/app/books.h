#pragma once

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "services/billing/app/ports.h"

namespace perennial::billing {

// A page of what moved one ledger account.
struct Statement {
  struct Line {
    BookedEntry booked;
    int64_t amount_minor;
    int64_t balance_minor;  // after it
  };
  int64_t opening_minor = 0;
  std::vector<Line> lines;
};

// The books, for operators: to be checked and compared from outside.
class Books {
 public:
  Books(LedgerStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  absl::Time Now() const { return clock_.Now(); }
  absl::StatusOr<std::vector<LedgerBalance>> TrialBalance(absl::Time before) {
    return store_.TrialBalance(before);
  }
  // Lines after the position `after`, posted before `before`.
  absl::StatusOr<Statement> StatementOf(const LedgerColumn& column, PagePosition after, absl::Time before,
                                        int limit);
  absl::StatusOr<std::vector<BookedEntry>> ListEntries(std::optional<PagePosition> after, int limit) {
    return store_.ListEntries(after, limit);
  }
  absl::StatusOr<std::vector<BookedDocument>> ListDocuments(std::optional<PagePosition> after, int limit) {
    return store_.ListDocuments(after, limit);
  }

  // Sums a day that is over, so that balances need not look at its entries again. Returns how many: 0 or 1.
  absl::StatusOr<int> CloseDue();

 private:
  LedgerStore& store_;
  const Clock& clock_;
};

}  // namespace perennial::billing
