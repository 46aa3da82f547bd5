#pragma once

#include "libs/pg/database.h"
#include "services/subscription/app/paid_orders.h"

namespace perennial::subscription {

class PostgresPaidOrderStore final : public PaidOrderStore {
 public:
  explicit PostgresPaidOrderStore(pg::Database& database) : database_(database) {}

  absl::StatusOr<std::vector<PaidOrder>> List(absl::Time since, const std::string& after, absl::Time before,
                                              int limit) override;
  absl::StatusOr<std::vector<PaidOrder>> Find(const std::vector<Uuid>& ids) override;

 private:
  pg::Database& database_;
};

}  // namespace perennial::subscription
