#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "services/domain_mailbox/app/ports.h"

namespace perennial::domain_mailbox {

// An address that might be had.
struct AddressOffer {
  core::Availability availability;
  std::string address;
};

// A customer's mailboxes (R30).
class Mailboxes {
 public:
  Mailboxes(ProductStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  // Refusals: DOMAIN_NOT_FOUND, DOMAIN_INACTIVE, REQUEST_INVALID.
  absl::StatusOr<AddressOffer> Check(const Uuid& account_id, const Uuid& domain_id,
                                     absl::string_view local_part);
  // Refusals: MAILBOX_NOT_FOUND, also for somebody else's (R33).
  absl::StatusOr<core::Mailbox> Get(const Uuid& account_id, const Uuid& id);
  // By address, after `after`; at most `limit`.
  absl::StatusOr<std::vector<core::Mailbox>> List(const Uuid& account_id, absl::string_view after, int limit);
  // Upkeep hands the hash on to the mail back end. Refusals: MAILBOX_NOT_FOUND, MAILBOX_INACTIVE.
  absl::StatusOr<core::Mailbox> ChangePassword(const Uuid& account_id, const Uuid& id,
                                               const std::string& password_hash);

 private:
  ProductStore& store_;
  const Clock& clock_;
};

// Refusals: PASSWORD_TOO_WEAK.
absl::Status CheckPassword(absl::string_view password);

}  // namespace perennial::domain_mailbox
