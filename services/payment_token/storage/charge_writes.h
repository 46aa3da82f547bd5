#pragma once

#include <optional>
#include <vector>

#include "libs/pg/database.h"
#include "services/payment_token/core/charge.h"

// How many charges are written at once: a statement each, whatever their number.
namespace perennial::payment_token {

// What each of `rows` has in one column.
template <typename T, typename Get>
auto Column(const std::vector<T>& rows, Get get) {
  std::vector<decltype(get(rows[0]))> column;
  column.reserve(rows.size());
  for (const T& row : rows) column.push_back(get(row));
  return column;
}

// New ones, those that are open with a lease; by their ids, so that two batches that hold the same charge
// wait for each other in one order. Returns the ids of those that were not taken.
absl::StatusOr<std::vector<Uuid>> InsertCharges(pg::Database& database, std::vector<core::Charge> charges,
                                                absl::Time lease_until);

// What may change of charges that the transaction has locked, and the lease of each.
absl::Status WriteCharges(pg::Database& database, const std::vector<core::Charge>& charges,
                          const std::vector<std::optional<absl::Time>>& leases);

// What became of charges that were claimed; ends their leases. Returns the ids of those that are still as
// they were claimed; the others are not changed.
absl::StatusOr<std::vector<Uuid>> RecordCharges(pg::Database& database, std::vector<core::Charge> answered);

// Makes the methods of those that succeeded, and are not recorded as final yet, the last used ones of their
// accounts (R16). To be called before the charges are written: accounts, then methods, then charges is the
// order in which rows are locked.
absl::Status MarkUsed(pg::Database& database, const std::vector<core::Charge>& charges);

}  // namespace perennial::payment_token
