#pragma once

#include "libs/pg/database.h"
#include "services/billing/app/ports.h"

namespace perennial::billing {

class PostgresLedgerStore final : public LedgerStore {
 public:
  explicit PostgresLedgerStore(pg::Database& database) : database_(database) {}

  absl::StatusOr<std::vector<LedgerBalance>> TrialBalance(absl::Time before) override;
  absl::StatusOr<std::vector<BookedEntry>> ListEntries(std::optional<PagePosition> after, int limit) override;
  absl::StatusOr<std::vector<BookedDocument>> ListDocuments(std::optional<PagePosition> after,
                                                            int limit) override;

 private:
  pg::Database& database_;
};

}  // namespace perennial::billing
