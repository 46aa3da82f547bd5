#pragma once

#include "libs/events/outbox.h"
#include "libs/pg/database.h"
#include "services/domain_mailbox/app/ports.h"

namespace perennial::domain_mailbox {

class PostgresProductStore final : public ProductStore {
 public:
  // `secret_key`: crypto::kKeyBytes; without it nobody can tell who was deleted.
  PostgresProductStore(pg::Database& database, events::Outbox& outbox, std::string secret_key)
      : database_(database), outbox_(outbox), secret_key_(std::move(secret_key)) {}

  absl::Status Update(const SituationKey& key, Decide decide) override;
  absl::StatusOr<std::optional<core::Delivery>> FindDelivery(const Uuid& order_id,
                                                             const Uuid& product_id) override;
  absl::StatusOr<std::optional<core::Domain>> FindDomain(const Uuid& id) override;
  absl::StatusOr<std::optional<core::Mailbox>> FindMailbox(const Uuid& id) override;
  absl::StatusOr<bool> HasDomain(absl::string_view name) override;
  absl::StatusOr<bool> HasMailbox(const Uuid& domain_id, absl::string_view local_part) override;
  absl::StatusOr<std::vector<core::Domain>> ListDomains(const Uuid& account_id, absl::string_view after,
                                                        int limit) override;
  absl::StatusOr<std::vector<core::Mailbox>> ListMailboxes(const Uuid& account_id, absl::string_view after,
                                                           int limit) override;
  absl::StatusOr<Holdings> ReadHoldings(const Uuid& account_id) override;
  absl::Status DeleteAccount(const Uuid& account_id, absl::Time now) override;

 private:
  absl::StatusOr<core::Situation> ReadSituation(const SituationKey& key);
  absl::Status Write(const core::Change& change);
  absl::Status WriteDelivery(const core::Delivery& delivery);
  absl::Status WriteDomain(const core::Domain& domain);
  absl::Status WriteMailbox(const core::Mailbox& mailbox);
  absl::Status Erase(const core::Change& change);
  // Recognises a deleted account, and leads back to none (R7).
  pg::Bytes HashOf(const Uuid& account_id) const;

  pg::Database& database_;
  events::Outbox& outbox_;
  const std::string secret_key_;
};

}  // namespace perennial::domain_mailbox
