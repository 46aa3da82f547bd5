#pragma once

#include "libs/base/clock.h"
#include "libs/pg/database.h"
#include "services/domain_mailbox/app/ports.h"

namespace perennial::domain_mailbox {

// A registrar that only exists in this service's database (table simulated_registration). It keeps its books
// durably and by a gTLD's rules (RFC 3915's grace periods): renews by itself at expiry, refuses a renewal
// with another expiry than its own or beyond 10 years, keeps deleted names in redemption for 30 days. It is
// no registry, and nothing real is registered. Names with a prefix behave badly on purpose: README.md lists
// them.
class SimulatedRegistrar final : public Registrar {
 public:
  SimulatedRegistrar(pg::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  core::Availability Check(absl::string_view name) override;
  core::RegistryInfo Info(absl::string_view name) override;
  core::Outcome Create(const Uuid& operation, absl::string_view name, const Uuid& holder, int years) override;
  core::Outcome Renew(const Uuid& operation, absl::string_view name, absl::Time expected_expiry,
                      int years) override;
  core::Outcome Restore(const Uuid& operation, absl::string_view name) override;
  core::Outcome Delete(const Uuid& operation, absl::string_view name) override;

 private:
  struct Registration;

  // Runs `act` in a transaction on the name's registration, brought up to now; null when there is none.
  core::Outcome Act(const Uuid& operation, absl::string_view name,
                    absl::FunctionRef<absl::StatusOr<core::Outcome>(std::optional<Registration>&)> act);
  absl::StatusOr<std::optional<Registration>> Load(absl::string_view name);
  absl::Status Save(absl::string_view name, const std::optional<Registration>& registration);

  pg::Database& database_;
  const Clock& clock_;
};

}  // namespace perennial::domain_mailbox
