#include "services/billing/storage/postgres_series_store.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/billing/storage/series_hash.h"

namespace perennial::billing {
namespace {

NumberSeries ReadSeries(const pg::Row& row) {
  return {row.Get<std::string>("name"), row.Get<int64_t>("last_number"),
          row.Get<absl::Time>("last_issue_time")};
}

}  // namespace

absl::StatusOr<std::vector<NumberSeries>> PostgresSeriesStore::List(const std::string& after_name,
                                                                    int limit) {
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database_.Query("SELECT name, last_number, last_issue_time FROM series WHERE name > $1 "
                                   "ORDER BY name LIMIT $2",
                                   after_name, limit));
  std::vector<NumberSeries> all;
  for (const pg::Row row : rows) all.push_back(ReadSeries(row));
  return all;
}

absl::StatusOr<NumberSeries> PostgresSeriesStore::Get(const std::string& name) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("SELECT name, last_number, last_issue_time FROM series WHERE name = $1", name));
  if (rows.empty()) return NotFound("INVOICE_SERIES_NOT_FOUND", "there is no such series");
  return ReadSeries(rows[0]);
}

absl::StatusOr<std::vector<core::ChainLink>> PostgresSeriesStore::ReadChain(const std::string& name,
                                                                            int64_t after_number, int limit) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query(
          "SELECT previous_hash, id, kind, account_pseudonym, series, sequence_number, issue_time, order_id, "
          "charge_id, refund_id, credited_invoice_id, currency, net_minor, tax_minor, total_minor, content, "
          "hash FROM invoice WHERE series = $1 AND sequence_number > $2 ORDER BY sequence_number LIMIT $3",
          name, after_number, limit));
  std::vector<core::ChainLink> links;
  for (const pg::Row row : rows) {
    links.push_back({row.Get<int64_t>("sequence_number"),
                     row.Get<std::optional<pg::Bytes>>("previous_hash").value_or(pg::Bytes{}).value,
                     row.Get<pg::Bytes>("hash").value, SeriesHash(row)});
  }
  return links;
}

}  // namespace perennial::billing
