#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/pg/database.h"
#include "services/billing/app/ports.h"

// The statements on pro-formas, each for many at once.
namespace perennial::billing {

// By order; those that have none are missing.
absl::StatusOr<std::map<Uuid, core::ProForma>> ReadProFormas(pg::Database& database,
                                                             const std::vector<Uuid>& order_ids);

struct LockedProForma {
  core::ProForma pro_forma;         // without its lines if it is issued
  std::optional<Uuid> charge_paid;  // the order whose invoice has the charge already
};

// The same, locked in the order of their ids until the transaction ends.
absl::StatusOr<std::map<Uuid, LockedProForma>> LockProFormas(pg::Database& database,
                                                             const std::vector<PaidOrder>& orders);

// Stores those whose account has a pseudonym and whose order has none yet. Returns the pseudonyms, by order.
absl::StatusOr<std::map<Uuid, Uuid>> InsertProFormas(pg::Database& database,
                                                     std::vector<const core::ProForma*> pro_formas);

// Puts bill and buyer in the place of those that are open.
absl::Status ReplaceProFormas(pg::Database& database, std::vector<const core::ProForma*> pro_formas);

// Their pro-formas are issued: what they said, the invoices say.
absl::Status MarkIssued(pg::Database& database, const std::vector<const core::Document*>& invoices);

}  // namespace perennial::billing
