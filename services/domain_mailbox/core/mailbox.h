#pragma once

#include <optional>
#include <string>
#include <variant>

#include "absl/time/time.h"
#include "libs/base/civil_date.h"
#include "libs/base/uuid.h"
#include "services/domain_mailbox/core/outcome.h"

namespace perennial::domain_mailbox::core {

enum class MailboxState { kPending, kActive, kSuspended, kDeleted };

// How long the mail of a deleted mailbox is kept, in case it was a mistake.
inline constexpr absl::Duration kKeepDeletedMail = absl::Hours(24 * 30);

struct Mailbox {
  Uuid id;  // the product's; also its id at the mail back end, so that an address made anew never sees old
            // mail
  Uuid account_id;
  Uuid domain_id;
  std::string domain_name;
  std::string local_part;
  MailboxState state = MailboxState::kPending;
  int quota_mib = 0;
  std::optional<std::string> password_hash;
  CivilDate paid_through;  // in time_zone
  std::string time_zone;
  std::optional<absl::Time> purge_at;   // deleted ones: when the mail goes
  std::optional<absl::Time> upkeep_at;  // when the back end must be looked after next
  int upkeep_failures = 0;              // in a row
  absl::Time created_at;
  absl::Time updated_at;
  int64_t version = 0;  // counts changes; written by the store

  std::string Address() const { return local_part + "@" + domain_name; }
};

// A mailbox, as the mail back end has it.
enum class MailRecord { kPending, kActive, kSuspended, kDetached };
using MailInfo = std::variant<MailRecord, Absent, NoAnswer>;

// ACTIVE while paid, else SUSPENDED.
MailboxState StateByDate(const Mailbox& mailbox, absl::Time now);

// What must be so at the mail back end for a mailbox in its state.
enum class MailboxUpkeep { kNothing, kResume, kSuspend, kDetach, kPurge };
MailboxUpkeep PlanUpkeep(const Mailbox& mailbox, absl::Time now);

}  // namespace perennial::domain_mailbox::core
