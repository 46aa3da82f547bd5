#pragma once

#include "libs/events/outbox.h"
#include "libs/pg/database.h"
#include "services/billing/app/ports.h"

namespace perennial::billing {

class PostgresBillingProfileStore final : public BillingProfileStore {
 public:
  PostgresBillingProfileStore(pg::Database& database, events::Outbox& outbox, std::string secret_key)
      : database_(database), outbox_(outbox), secret_key_(std::move(secret_key)) {}

  absl::StatusOr<core::BillingProfile> Get(const Uuid& account_id) override;
  absl::StatusOr<std::map<Uuid, core::BillingProfile>> GetAll(const std::vector<Uuid>& account_ids) override;
  absl::StatusOr<core::BillingProfile> Update(
      const Uuid& account_id,
      absl::FunctionRef<absl::StatusOr<core::BillingProfile>(const core::BillingProfile&)> decide) override;
  absl::StatusOr<std::vector<Uuid>> ClaimTaxIdChecks(absl::Time now, absl::Time lease_until,
                                                     int limit) override;
  absl::Status RecordTaxIdCheck(const Uuid& account_id, const core::BillingProfile& profile,
                                absl::Time now) override;
  absl::Status ForgetAccount(const Uuid& account_id, absl::Time now) override;

 private:
  absl::StatusOr<core::BillingProfile> LockAndGet(const Uuid& account_id);
  absl::Status Write(const Uuid& account_id, const core::BillingProfile& before, core::BillingProfile& after,
                     absl::Time now);

  pg::Database& database_;
  events::Outbox& outbox_;
  const std::string secret_key_;
};

}  // namespace perennial::billing
