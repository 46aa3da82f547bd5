#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/base/clock.h"
#include "libs/base/uuid.h"
#include "libs/pg/database.h"

namespace perennial::domain_mailbox {

// How often a simulated back end must be asked before something pending is ready.
inline constexpr int kPollsUntilReady = 2;

// Marks `operation` as seen. True the first time.
absl::StatusOr<bool> FirstSeen(pg::Database& database, const Clock& clock, const Uuid& operation,
                               absl::string_view kind, absl::string_view subject);

}  // namespace perennial::domain_mailbox
