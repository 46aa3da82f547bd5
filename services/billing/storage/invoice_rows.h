#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/pg/database.h"
#include "services/billing/core/document.h"

// The statements on documents that are being issued, each for many at once.
namespace perennial::billing {

void ReadSums(const pg::Row& row, core::Bill& bill);
core::Document ReadDocument(const pg::Row& row);
std::vector<core::Document> ReadDocuments(const pg::Rows& rows);

// The invoices of these orders, by order.
absl::StatusOr<std::map<Uuid, core::Document>> FindInvoices(pg::Database& database,
                                                            const std::vector<Uuid>& order_ids);

// Gives drafts their numbers, each series' in the order of the drafts. Their series are locked until the
// transaction ends: who comes next sees these numbers committed, or free again.
absl::Status TakeNumbers(pg::Database& database, const std::vector<core::Document*>& drafts);

// Stores them. The database gives them their hashes.
absl::Status InsertDocuments(pg::Database& database, const std::vector<core::Document*>& documents);

}  // namespace perennial::billing
