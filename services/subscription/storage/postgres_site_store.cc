#include "services/subscription/storage/postgres_site_store.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/subscription/app/position.h"
#include "services/subscription/storage/product_rows.h"

namespace perennial::subscription {
namespace {

Site ToSite(const pg::Row& row) {
  return {
      row.Get<Uuid>("id"),         row.Get<Uuid>("account_id"),       row.Get<std::string>("display_name"),
      row.Get<int64_t>("version"), row.Get<absl::Time>("created_at"), row.Get<absl::Time>("updated_at")};
}

}  // namespace

absl::Status PostgresSiteStore::Insert(const Site& site) {
  return database_
      .Query(
          "INSERT INTO sites (id, account_id, display_name, version, created_at, updated_at) VALUES ($1, $2, "
          "$3, "
          "$4, $5, $6)",
          site.id, site.account_id, site.display_name, site.version, site.created_at, site.updated_at)
      .status();
}

absl::StatusOr<std::optional<Site>> PostgresSiteStore::Find(const Uuid& account_id, const Uuid& id) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("SELECT id, account_id, display_name, version, created_at, updated_at FROM sites "
                      "WHERE id = $1 AND account_id = $2",
                      id, account_id));
  if (rows.empty()) return std::nullopt;
  return ToSite(rows[0]);
}

absl::StatusOr<std::vector<Site>> PostgresSiteStore::List(const Uuid& account_id, const std::string& after,
                                                          int limit) {
  const TimePosition from = TimePositionFrom(after, absl::UnixEpoch());
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("SELECT id, account_id, display_name, version, created_at, updated_at FROM sites "
                      "WHERE account_id = $1 AND (created_at, id) > ($2, $3) ORDER BY created_at, id "
                      "LIMIT $4",
                      account_id, from.time, from.id, limit));
  std::vector<Site> sites;
  for (const pg::Row row : rows) sites.push_back(ToSite(row));
  return sites;
}

absl::StatusOr<Site> PostgresSiteStore::Update(const Uuid& account_id, const Uuid& id,
                                               absl::FunctionRef<absl::Status(Site&)> decide) {
  Site site;
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    ASSIGN_OR_RETURN(
        const pg::Rows rows,
        database_.Query("SELECT id, account_id, display_name, version, created_at, updated_at FROM sites "
                        "WHERE id = $1 AND account_id = $2 FOR UPDATE",
                        id, account_id));
    if (rows.empty()) return NotFound("SITE_NOT_FOUND", "there is no such site");
    site = ToSite(rows[0]);
    RETURN_IF_ERROR(decide(site));
    return database_
        .Query("UPDATE sites SET display_name = $2, version = $3, updated_at = $4 WHERE id = $1", id,
               site.display_name, site.version, site.updated_at)
        .status();
  }));
  return site;
}

absl::Status PostgresSiteStore::Delete(const Uuid& account_id, const Uuid& id) {
  return database_.Transact([&]() -> absl::Status {
    // Those that are on it still have ended.
    RETURN_IF_ERROR(
        database_.Query("UPDATE products SET site_id = NULL WHERE site_id = $1 AND state = 'ended'", id)
            .status());
    return database_.Query("DELETE FROM sites WHERE id = $1 AND account_id = $2", id, account_id).status();
  });
}

absl::StatusOr<std::vector<core::Aggregate>> PostgresSiteStore::ProductsOf(
    const std::vector<Uuid>& site_ids) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("SELECT " PERENNIAL_PRODUCT_COLUMNS
                      " FROM products WHERE site_id = ANY($1) AND state <> 'ended' ORDER BY created_at, id",
                      site_ids));
  return LoadRest(database_, rows, Depth::kToShow);
}

}  // namespace perennial::subscription
