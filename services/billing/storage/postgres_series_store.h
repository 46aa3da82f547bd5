#pragma once

#include "libs/pg/database.h"
#include "services/billing/app/ports.h"

namespace perennial::billing {

class PostgresSeriesStore final : public SeriesStore {
 public:
  explicit PostgresSeriesStore(pg::Database& database) : database_(database) {}

  absl::StatusOr<std::vector<NumberSeries>> List(const std::string& after_name, int limit) override;
  absl::StatusOr<NumberSeries> Get(const std::string& name) override;
  absl::StatusOr<std::vector<core::ChainLink>> ReadChain(const std::string& name, int64_t after_number,
                                                         int limit) override;

 private:
  pg::Database& database_;
};

}  // namespace perennial::billing
