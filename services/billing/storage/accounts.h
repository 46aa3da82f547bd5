#pragma once

#include <map>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "libs/base/uuid.h"
#include "libs/pg/database.h"

namespace perennial::billing {

// Makes the thread's transaction the only one that changes what this service holds of an account: nothing may
// be written for an account while, or after, it is forgotten (R7).
absl::Status LockAccount(pg::Database& database, const Uuid& account_id);

// Gives those that have no pseudonym and were not deleted the one beside them. Returns the deleted ones.
absl::StatusOr<std::set<Uuid>> AddPseudonyms(pg::Database& database, const std::string& secret_key,
                                             const std::map<Uuid, Uuid>& pseudonyms);

// What remains of a deleted account in deleted_account: an id that tells nobody without the key which it was.
Uuid TraceOf(const std::string& secret_key, const Uuid& account_id);

absl::Status AccountDeleted();

absl::Status MarkAccountDeleted(pg::Database& database, const std::string& secret_key, const Uuid& account_id,
                                absl::Time now);

}  // namespace perennial::billing
