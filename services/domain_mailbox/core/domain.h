#pragma once

#include <optional>
#include <string>
#include <variant>

#include "absl/time/time.h"
#include "libs/base/civil_date.h"
#include "libs/base/uuid.h"
#include "services/domain_mailbox/core/outcome.h"

namespace perennial::domain_mailbox::core {

enum class DomainState { kPendingCreate, kActive, kExpired, kRedemption, kReactivating, kDeleted };

// A name, as we have it. Two dates, never one: the registry renews by itself at its expiry and takes it back
// when we delete, so its date says nothing about what the customer paid.
struct Domain {
  Uuid id;  // the product's
  Uuid account_id;
  std::string name;
  DomainState state = DomainState::kPendingCreate;
  std::optional<absl::Time> registry_expiry;
  CivilDate paid_through;  // in time_zone
  std::string time_zone;
  std::optional<absl::Time> redemption_since;  // set while the registry has it in redemption
  std::optional<absl::Time> missing_since;     // set while the registry says that it is not ours
  std::optional<absl::Time> upkeep_at;         // when the back ends must be looked after next
  int upkeep_failures = 0;                     // in a row
  absl::Time created_at;
  absl::Time updated_at;
  int64_t version = 0;  // counts changes; written by the store
};

enum class RegistryStatus { kPendingCreate, kOk, kRedemption, kPendingRestore };

// A name, as the registry has it.
struct RegistryRecord {
  Uuid holder;  // whom we registered it for: the Domain's id. Another one: it is not ours
  RegistryStatus status;
  absl::Time expiry;
};
using RegistryInfo = std::variant<RegistryRecord, Absent, NoAnswer>;

// Null unless the registry has the name for this domain.
const RegistryRecord* OwnRecord(const RegistryInfo& info, const Domain& domain);

// A moment is paid if it is before the day paid_through begins in its time zone.
absl::Time PaidUntil(CivilDate paid_through, const std::string& time_zone);

// How long a registry must keep saying that a paid name is not ours before it is believed: one wrong answer
// must not destroy what cannot be had again.
inline constexpr absl::Duration kBelieveMissingAfter = absl::Hours(24 * 3);

// ACTIVE while paid, else EXPIRED.
DomainState StateByDate(const Domain& domain, absl::Time now);

// What must be so at the registrar and in DNS for a domain in its state; and whether its state must change.
struct DomainUpkeep {
  enum class Zone { kLeave, kServe, kHold, kRemove };
  Zone zone = Zone::kLeave;
  bool delete_at_registrar = false;
  bool name_is_missing = false;  // not believed yet: do nothing, and ask again
  // After the above is done.
  std::optional<DomainState> next_state;
  std::optional<absl::Time> next_at;
};
// `info` must not be NoAnswer.
DomainUpkeep PlanUpkeep(const Domain& domain, const RegistryInfo& info, absl::Time now);

}  // namespace perennial::domain_mailbox::core
