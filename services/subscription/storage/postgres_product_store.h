#pragma once

#include <map>

#include "libs/events/outbox.h"
#include "libs/pg/database.h"
#include "services/subscription/app/ports.h"

namespace perennial::subscription {

class PostgresProductStore final : public ProductStore {
 public:
  PostgresProductStore(pg::Database& database, events::Outbox& outbox, std::string secret_key)
      : database_(database), outbox_(outbox), secret_key_(std::move(secret_key)) {}

  absl::Status Create(const core::Aggregate& aggregate) override;
  absl::StatusOr<core::Aggregate> Update(const Uuid& product_id, Decide decide) override;
  absl::StatusOr<std::vector<absl::StatusOr<core::Aggregate>>> UpdateAll(
      const std::vector<const core::Aggregate*>& read, DecideEach decide) override;
  absl::StatusOr<core::Aggregate> Load(const Uuid& product_id) override;
  absl::StatusOr<std::vector<core::Aggregate>> LoadAll(const std::vector<Uuid>& product_ids) override;
  absl::StatusOr<std::vector<core::Aggregate>> List(const Uuid& account_id, const ProductFilter& filter,
                                                    const std::string& after, int limit) override;
  absl::StatusOr<std::vector<TermRow>> Terms(std::optional<Uuid> product_id, const std::string& after,
                                             int limit) override;
  absl::StatusOr<std::optional<core::Order>> FindOrder(const Uuid& account_id, const Uuid& order_id) override;
  absl::StatusOr<std::vector<core::Order>> Orders(const OrderPage& page) override;
  absl::StatusOr<std::vector<Claim>> ClaimDue(absl::Time now, absl::Time lease_until, int limit) override;
  absl::StatusOr<std::optional<Claim>> ClaimOrder(const Uuid& order_id, absl::Time now,
                                                  absl::Time lease_until) override;
  absl::StatusOr<std::vector<Due>> RenewalsDue(absl::Time now, int limit) override;
  absl::StatusOr<std::vector<Due>> NoticesDue(absl::Time now, int limit) override;
  absl::StatusOr<std::vector<Due>> ExpiriesDue(absl::Time now, int limit) override;
  absl::StatusOr<std::vector<Due>> EndsDue(absl::Time now, int limit) override;
  absl::Status Postpone(const Uuid& product_id, absl::Time until) override;
  absl::StatusOr<std::vector<Uuid>> WaitingRenewals(const Uuid& account_id) override;

 private:
  absl::StatusOr<pg::Rows> OrderRows(const OrderPage& page);
  // Of the products that are as they were read, by id; they are so until the end of the transaction.
  struct Locked {
    bool account_deleted = false;
    size_t orders = 0;
  };
  using Unchanged = std::map<Uuid, Locked>;
  absl::StatusOr<Unchanged> LockUnchanged(const std::vector<const core::Aggregate*>& read);

  pg::Database& database_;
  events::Outbox& outbox_;
  const std::string secret_key_;  // of the marks of deleted accounts
};

}  // namespace perennial::subscription
