#pragma once

#include <vector>

#include "libs/pg/database.h"
#include "services/payment_token/app/ports.h"
#include "services/payment_token/storage/vault.h"

namespace perennial::payment_token {

class PostgresChargeStore final : public ChargeStore {
 public:
  PostgresChargeStore(pg::Database& database, const Vault& vault) : database_(database), vault_(vault) {}

  absl::StatusOr<std::vector<Uuid>> Insert(std::vector<core::Charge> charges,
                                           absl::Time lease_until) override;
  absl::StatusOr<std::vector<core::Charge>> Find(const std::vector<Uuid>& charge_ids) override;
  absl::StatusOr<std::optional<core::Charge>> Update(const Uuid& charge_id, const Decide& decide) override;
  absl::StatusOr<std::optional<core::Charge>> UpdateLeased(const Uuid& charge_id,
                                                           const Decide& decide) override;
  absl::StatusOr<Claimed> Claim(const std::vector<Uuid>& charge_ids, absl::Time now, absl::Time lease_until,
                                const DecideStep& decide) override;
  absl::StatusOr<Orders> OrdersOf(std::vector<core::Charge> charges) override;
  absl::StatusOr<std::vector<Uuid>> Record(std::vector<core::Charge> answered) override;
  absl::StatusOr<std::vector<Uuid>> Due(absl::Time now, int limit) override;
  absl::StatusOr<int64_t> CountUnknown() override;
  absl::StatusOr<std::vector<core::CardTries>> TriesOf(const std::vector<std::string>& fingerprints,
                                                       absl::Time since) override;

  absl::StatusOr<core::Refund> OpenRefund(const core::RefundRequest& request,
                                          const DecideRefund& decide) override;
  absl::StatusOr<std::optional<core::Refund>> FindRefund(const Uuid& refund_id) override;
  absl::StatusOr<core::Refund> SettleRefund(const core::RefundName& name,
                                            const DecideSettlement& decide) override;
  absl::StatusOr<std::optional<core::Refund>> UpdateRefund(const Uuid& refund_id,
                                                           const UpdateRefundFn& decide) override;
  absl::StatusOr<std::optional<RefundOrder>> ClaimRefund(const Uuid& refund_id, absl::Time now,
                                                         absl::Time lease_until,
                                                         const UpdateRefundFn& decide) override;
  absl::StatusOr<std::vector<Uuid>> DueRefunds(absl::Time now, int limit) override;

  absl::StatusOr<std::vector<ChargeBook>> Books(const std::optional<Uuid>& account_id,
                                                const std::optional<PagePosition>& after, int limit) override;

 private:
  struct Locked {
    core::Charge charge;
    bool method_removed = false;
    std::optional<absl::Time> lease_until;
  };
  absl::StatusOr<std::vector<Locked>> Lock(const std::vector<Uuid>& charge_ids);
  absl::StatusOr<std::optional<core::Charge>> Replace(const Uuid& charge_id, const Decide& decide,
                                                      bool keep_lease);
  // Those without tokens become orders.
  absl::StatusOr<Orders> WithTokens(std::vector<ChargeOrder> orders);

  pg::Database& database_;
  const Vault& vault_;
};

}  // namespace perennial::payment_token
