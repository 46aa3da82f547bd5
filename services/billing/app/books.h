#pragma once

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "services/billing/app/ports.h"

namespace perennial::billing {

// The books, for operators: to be checked and compared from outside.
class Books {
 public:
  Books(LedgerStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  absl::Time Now() const { return clock_.Now(); }
  absl::StatusOr<std::vector<LedgerBalance>> TrialBalance(absl::Time before) {
    return store_.TrialBalance(before);
  }
  absl::StatusOr<std::vector<BookedEntry>> ListEntries(std::optional<PagePosition> after, int limit) {
    return store_.ListEntries(after, limit);
  }
  absl::StatusOr<std::vector<BookedDocument>> ListDocuments(std::optional<PagePosition> after, int limit) {
    return store_.ListDocuments(after, limit);
  }

 private:
  LedgerStore& store_;
  const Clock& clock_;
};

}  // namespace perennial::billing
