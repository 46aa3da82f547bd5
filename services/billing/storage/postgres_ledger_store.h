#pragma once

#include "libs/pg/database.h"
#include "services/billing/app/ports.h"

namespace perennial::billing {

class PostgresLedgerStore final : public LedgerStore {
 public:
  explicit PostgresLedgerStore(pg::Database& database) : database_(database) {}

  absl::StatusOr<std::vector<LedgerBalance>> TrialBalance(absl::Time before) override;
  absl::StatusOr<std::vector<BookedEntry>> ListEntries(std::optional<PagePosition> after, int limit) override;
  absl::StatusOr<std::vector<BookedEntry>> ListColumn(const LedgerColumn& column, PagePosition after,
                                                      absl::Time before, int limit) override;
  absl::StatusOr<int64_t> BalanceThrough(const LedgerColumn& column, PagePosition through) override;
  absl::StatusOr<std::vector<BookedDocument>> ListDocuments(std::optional<PagePosition> after,
                                                            int limit) override;
  absl::StatusOr<bool> CloseDay(absl::Time before) override;

 private:
  pg::Database& database_;
};

}  // namespace perennial::billing
