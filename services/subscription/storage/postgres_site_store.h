#pragma once

#include "libs/pg/database.h"
#include "services/subscription/app/ports.h"

namespace perennial::subscription {

class PostgresSiteStore final : public SiteStore {
 public:
  explicit PostgresSiteStore(pg::Database& database) : database_(database) {}

  absl::Status Insert(const Site& site) override;
  absl::StatusOr<std::optional<Site>> Find(const Uuid& account_id, const Uuid& id) override;
  absl::StatusOr<std::vector<Site>> List(const Uuid& account_id, const std::string& after,
                                         int limit) override;
  absl::StatusOr<Site> Update(const Uuid& account_id, const Uuid& id,
                              absl::FunctionRef<absl::Status(Site&)> decide) override;
  absl::Status Delete(const Uuid& account_id, const Uuid& id) override;
  absl::StatusOr<std::vector<core::Aggregate>> ProductsOf(const std::vector<Uuid>& site_ids) override;

 private:
  pg::Database& database_;
};

}  // namespace perennial::subscription
