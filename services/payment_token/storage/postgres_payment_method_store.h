#pragma once

#include <string>
#include <vector>

#include "libs/events/outbox.h"
#include "libs/pg/database.h"
#include "services/payment_token/app/ports.h"
#include "services/payment_token/storage/vault.h"

namespace perennial::payment_token {

class PostgresPaymentMethodStore final : public PaymentMethodStore {
 public:
  PostgresPaymentMethodStore(pg::Database& database, events::Outbox& outbox, const Vault& vault)
      : database_(database), outbox_(outbox), vault_(vault) {}

  absl::StatusOr<GatewayAccount> GetAccount(const Uuid& account_id) override;
  absl::StatusOr<std::vector<ChargedAccount>> LockAccounts(const std::vector<Uuid>& account_ids) override;
  absl::StatusOr<GatewayAccount> KeepCustomer(const Uuid& account_id, const std::string& customer) override;
  absl::StatusOr<CardTry> CountCardTry(const Uuid& account_id, const Uuid& id, absl::Time now,
                                       absl::Time since, int most) override;
  absl::Status ForgetCardTry(const Uuid& id) override;
  absl::Status Hold(const core::PaymentMethod& method, const std::string& token, absl::Time until) override;
  absl::StatusOr<std::optional<core::PaymentMethod>> Add(const Uuid& account_id, const Uuid& id,
                                                         absl::Time until, absl::Time now,
                                                         const EventsOf& events) override;
  absl::StatusOr<core::PaymentMethod> Get(const Uuid& account_id, const Uuid& id) override;
  absl::StatusOr<std::vector<core::PaymentMethod>> List(const Uuid& account_id,
                                                        const std::optional<PagePosition>& after,
                                                        int limit) override;
  absl::Status Remove(const Uuid& account_id, const Uuid& id, absl::Time now,
                      const std::vector<Event>& events) override;
  absl::Status DeleteAccount(const Uuid& account_id, absl::Time now) override;
  absl::StatusOr<std::vector<DetachOrder>> ClaimDetachments(absl::Time now, absl::Time lease_until,
                                                            int limit) override;
  absl::Status Forget(const Uuid& payment_method_id) override;
  absl::Status TryDetachAgain(const Uuid& payment_method_id, absl::Time at) override;
  absl::StatusOr<std::vector<CustomerRemoval>> ClaimCustomers(absl::Time now, absl::Time lease_until,
                                                              int limit) override;
  absl::Status ForgetAccount(const Uuid& account_id, const Uuid& pseudonym) override;
  absl::Status TryCustomerAgain(const Uuid& account_id, absl::Time at) override;

 private:
  absl::StatusOr<GatewayAccount> MakeAccount(const Uuid& account_id, const pg::Rows& rows);
  absl::StatusOr<GatewayAccount> ReadAccount(const Uuid& account_id, const pg::Rows& rows);
  // Locks the account against its deletion. ACCOUNT_DELETED.
  absl::StatusOr<std::optional<Uuid>> LockAccount(const Uuid& account_id);
  // Removes the entries of the same card that are held, and shows `method`.
  absl::Status Replace(core::PaymentMethod& method, const std::optional<Uuid>& last_used,
                       std::vector<Uuid>& removed);
  absl::Status Hide(const Uuid& account_id, const std::vector<Uuid>& ids, absl::Time now);

  pg::Database& database_;
  events::Outbox& outbox_;
  const Vault& vault_;
};

}  // namespace perennial::payment_token
