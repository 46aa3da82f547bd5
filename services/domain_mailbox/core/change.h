#pragma once

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/event.h"
#include "services/domain_mailbox/core/delivery.h"
#include "services/domain_mailbox/core/domain.h"
#include "services/domain_mailbox/core/mailbox.h"

namespace perennial::domain_mailbox::core {

// What is known of a product, locked, at the moment of a decision.
struct Situation {
  bool account_deleted = false;
  std::optional<Delivery> delivery;  // the one asked for
  std::optional<Domain> domain;      // the product; of a mailbox: its domain
  std::optional<Mailbox> mailbox;    // the product
  bool name_taken = false;  // a living domain, or a living mailbox on the domain, has the wanted name
  std::optional<CivilDate> renewal_under_way;  // latest paid_through of its other open renewals
};

// What is decided. Nothing: stays as it is.
struct Change {
  std::optional<Delivery> delivery;
  std::optional<Domain> domain;
  std::optional<Mailbox> mailbox;
  bool retire_mailboxes = false;  // of `domain`, which is gone
  bool erase = false;             // remove the row of the domain or mailbox
  std::vector<Event> events;
};

// Begins `proposed`, or returns what there is already. `name_is_valid`: of RegisterDomain, whether its
// A-labels are real ones. Refusals: DELIVERY_EXISTS, ACCOUNT_DELETED.
absl::StatusOr<Change> BeginDelivery(const Situation& situation, const Delivery& proposed,
                                     bool name_is_valid);

// Takes in what came of a step. `registry`: the domain's record, if it was seen.
Change ConcludeDelivery(const Situation& situation, const Outcome& outcome,
                        const std::optional<RegistryRecord>& registry, absl::Time now);

// The paid time of a product is over (event product.expired). Events may come late, so only what was not paid
// beyond `expiry` meanwhile ends.
Change ExpireProduct(const Situation& situation, CivilDate expiry, absl::Time now);

// A product is over for good (event product.deleted).
Change DeleteProduct(const Situation& situation, absl::Time now);

// Takes in that a domain's upkeep was done as planned. `seen`: the domain it was planned for.
Change FinishUpkeep(const Situation& situation, const Domain& seen, const DomainUpkeep& plan,
                    const RegistryInfo& info, absl::Time now);
Change FinishUpkeep(const Situation& situation, const Mailbox& seen, MailboxUpkeep plan, absl::Time now);

// Takes in that a back end did not do it: later again. `info`: what the registry said of the domain.
Change PostponeDomainUpkeep(const Situation& situation, const RegistryInfo& info, absl::Time now);
Change PostponeMailboxUpkeep(const Situation& situation, absl::Time now);

}  // namespace perennial::domain_mailbox::core
