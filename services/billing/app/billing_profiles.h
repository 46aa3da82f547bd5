#pragma once

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

// Whom an account's future invoices are made out to (R26).
class BillingProfiles {
 public:
  BillingProfiles(BillingProfileStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  // An empty profile if none was ever set. Refusals: ACCOUNT_NOT_FOUND (not the caller's).
  absl::StatusOr<core::BillingProfile> Get(const Caller& caller, const Uuid& account_id);

  // Refusals: core::Check's, ACCOUNT_NOT_FOUND, ETAG_MISMATCH, ACCOUNT_DELETED.
  absl::StatusOr<core::BillingProfile> Update(const Caller& caller, const Uuid& account_id,
                                              const ProfileChange& change);

  // The account was deleted (R7).
  absl::Status Forget(const Uuid& account_id) { return store_.ForgetAccount(account_id, clock_.Now()); }

 private:
  BillingProfileStore& store_;
  const Clock& clock_;
};

// Changes with each change of the profile.
std::string EtagOf(const core::BillingProfile& profile);

}  // namespace perennial::billing
