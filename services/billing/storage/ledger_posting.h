#pragma once

#include <vector>

#include "absl/status/status.h"
#include "libs/pg/database.h"
#include "services/billing/core/ledger.h"

namespace perennial::billing {

// Posts numbered documents, all of one kind, to the ledger, and keeps what recognition needs of them. Call
// inside the transaction that stores them.
absl::Status Post(pg::Database& database, const std::vector<const core::Document*>& documents);

absl::Status AddEntries(pg::Database& database, const std::vector<core::JournalEntry>& entries);

// The zone's last day that is income, locked until the transaction ends: nothing is recognised there
// meanwhile. A zone that is new begins with the last day that is over.
absl::StatusOr<CivilDate> LockZone(pg::Database& database, const std::string& time_zone, absl::Time now);

// That of the name or, if this machine does not know it, UTC: income must not wait for it.
absl::TimeZone ZoneOrUtc(const std::string& name);

}  // namespace perennial::billing
