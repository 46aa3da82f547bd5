#pragma once

#include "libs/pg/database.h"
#include "services/account/app/ports.h"

namespace perennial::account {

class PostgresNoticeStore final : public NoticeStore {
 public:
  explicit PostgresNoticeStore(pg::Database& database) : database_(database) {}

  absl::StatusOr<std::vector<core::NoticeKind>> Insert(const std::vector<core::Notice>& notices) override;
  absl::StatusOr<std::optional<core::Notice>> Find(const Uuid& account_id, const Uuid& id) override;
  absl::StatusOr<Page<core::Notice>> List(const Uuid& account_id, const std::optional<Uuid>& product_id,
                                          const PageRequest& page) override;

 private:
  pg::Database& database_;
};

}  // namespace perennial::account
