#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/caller.h"
#include "libs/base/clock.h"
#include "libs/base/uuid.h"
#include "services/billing/app/ports.h"

namespace perennial::billing {

// A change to some fields of a profile.
struct ProfileChange {
  core::BillingProfile values;
  std::vector<std::string> fields;  // names of the fields to change, as in the contract
  std::string etag;                 // empty: whatever is there is overwritten
};

// What the register said of a tax id that a change would bring.
struct AskedTaxId {
  std::string tax_id;
  core::TaxIdAnswer answer;
};

// Whom an account's future invoices are made out to (R26).
class BillingProfiles {
 public:
  BillingProfiles(BillingProfileStore& store, TaxIdRegistry& registry, const Clock& clock)
      : store_(store), registry_(registry), clock_(clock) {}

  // An empty profile if none was ever set. Refusals: ACCOUNT_NOT_FOUND (not the caller's).
  absl::StatusOr<core::BillingProfile> Get(const Caller& caller, const Uuid& account_id);

  // Asks the register about the tax id that the change would bring, if that is a new one or was found
  // wanting; changes nothing. Refusals: core::Check's, ACCOUNT_NOT_FOUND.
  absl::StatusOr<std::optional<AskedTaxId>> Ask(const Caller& caller, const Uuid& account_id,
                                                const ProfileChange& change);

  // A tax id that the register does not know is refused; while it gives no answer, the id is taken, and asked
  // about again by RunOnce. Refusals: core::Check's, TAX_ID_INVALID, ACCOUNT_NOT_FOUND, ETAG_MISMATCH,
  // ACCOUNT_DELETED.
  absl::StatusOr<core::BillingProfile> Update(const Caller& caller, const Uuid& account_id,
                                              const ProfileChange& change,
                                              const std::optional<AskedTaxId>& asked = std::nullopt);

  // A job: asks about tax ids that are due. Returns how many.
  absl::StatusOr<int> RunOnce();

  // The account was deleted (R7).
  absl::Status Forget(const Uuid& account_id) { return store_.ForgetAccount(account_id, clock_.Now()); }

 private:
  BillingProfileStore& store_;
  TaxIdRegistry& registry_;
  const Clock& clock_;
};

// Changes with each change of the profile.
std::string EtagOf(const core::BillingProfile& profile);

}  // namespace perennial::billing
