#include "services/subscription/storage/postgres_deletion_store.h"

#include "absl/strings/str_cat.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/keyed_hash.h"

namespace perennial::subscription {
namespace {

std::vector<Uuid> Ids(const pg::Rows& rows) {
  std::vector<Uuid> ids;
  for (const pg::Row row : rows) ids.push_back(row.Get<Uuid>("id"));
  return ids;
}

}  // namespace

Uuid PseudonymOf(const std::string& secret_key, const Uuid& account_id) {
  return Uuid::Derive(account_id,
                      crypto::KeyedHash(secret_key, absl::StrCat("deleted_account/", account_id.ToString())));
}

absl::Status KeepPurgeOut(pg::Database& database, const Uuid& account_id) {
  // Shared: callers do not wait for each other.
  return database.Execute("SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 7))::text", account_id);
}

absl::Status PostgresDeletionStore::Enter(const Uuid& account_id) {
  return database_.Execute("SELECT enter_account($1, $2)", account_id, PseudonymOf(secret_key_, account_id));
}

absl::Status PostgresDeletionStore::MarkDeleted(const Uuid& account_id, absl::Time now) {
  return database_
      .Query(
          "INSERT INTO account_deletions (pseudonym, account_id, requested_at, next_at) VALUES ($1, $2, $3, "
          "$3) ON CONFLICT DO NOTHING",
          PseudonymOf(secret_key_, account_id), account_id, now)
      .status();
}

absl::StatusOr<std::vector<Uuid>> PostgresDeletionStore::Pending(absl::Time now, int limit) {
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database_.Query("SELECT account_id AS id FROM account_deletions WHERE next_at <= $1 "
                                   "ORDER BY next_at LIMIT $2",
                                   now, limit));
  return Ids(rows);
}

absl::Status PostgresDeletionStore::LookAgain(const Uuid& account_id, absl::Time at) {
  return database_
      .Query("UPDATE account_deletions SET next_at = $2 WHERE account_id = $1 AND next_at IS NOT NULL",
             account_id, at)
      .status();
}

absl::StatusOr<std::vector<Uuid>> PostgresDeletionStore::ProductIds(const Uuid& account_id) {
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database_.Query("SELECT id FROM products WHERE account_id = $1 ORDER BY id", account_id));
  return Ids(rows);
}

absl::StatusOr<bool> PostgresDeletionStore::Purge(const Uuid& account_id, const std::vector<Event>& events) {
  bool purged = false;
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    purged = false;
    // Waits for whoever is inside Enter; what they began is seen below.
    RETURN_IF_ERROR(
        database_.Query("SELECT pg_advisory_xact_lock(hashtextextended($1, 7))::text", account_id).status());
    ASSIGN_OR_RETURN(
        const pg::Rows open,
        database_.Query("SELECT id FROM orders WHERE account_id = $1 AND standing NOT IN ('done', "
                        "'void') LIMIT 1",
                        account_id));
    if (!open.empty()) return absl::OkStatus();
    purged = true;
    RETURN_IF_ERROR(DropRows(account_id));
    return outbox_.Add(events);  // once, if another process was first: their ids are the same
  }));
  return purged;
}

absl::Status PostgresDeletionStore::DropRows(const Uuid& account_id) {
  for (const absl::string_view sql :
       {"DELETE FROM attempts WHERE order_id IN (SELECT id FROM orders WHERE account_id = $1)",
        "DELETE FROM orders WHERE account_id = $1",
        "DELETE FROM terms WHERE product_id IN (SELECT id FROM products WHERE account_id = $1)",
        "DELETE FROM products WHERE account_id = $1", "DELETE FROM quotes WHERE account_id = $1",
        "DELETE FROM tax_positions WHERE account_id = $1", "DELETE FROM sites WHERE account_id = $1",
        "UPDATE account_deletions SET account_id = NULL, next_at = NULL WHERE account_id = $1"})
    RETURN_IF_ERROR(database_.Execute(sql, account_id));
  // Calls that were answered between the deletion and now.
  return database_.Execute("DELETE FROM request_log WHERE scope = $1",
                           absl::StrCat("account/", account_id.ToString()));
}

absl::StatusOr<std::string> PostgresDeletionStore::Export(const Uuid& account_id) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query(
          "SELECT jsonb_build_object("
          "'sites', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'display_name', display_name, "
          "'create_time', created_at) ORDER BY created_at), '[]') FROM sites WHERE account_id = $1), "
          "'products', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'kind', kind, 'display_name', "
          "display_name, 'state', state, 'start_date', start_date, 'expiry_date', expiry_date, 'auto_renew', "
          "auto_renew, 'create_time', created_at) ORDER BY created_at), '[]') FROM products WHERE account_id "
          "= $1), "
          "'terms', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'product_id', product_id, "
          "'start_date', "
          "start_date, 'end_date', end_date, 'state', state, 'paid', jsonb_build_object('currency_code', "
          "currency, "
          "'minor_units', paid_minor)) ORDER BY start_date), '[]') FROM terms WHERE "
          "product_id IN (SELECT id FROM products WHERE account_id = $1)), "
          "'quotes', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'lines', offer -> 'lines', "
          "'total', "
          "jsonb_build_object('currency_code', offer -> 'currency', 'minor_units', total_minor), "
          "'create_time', "
          "created_at) ORDER BY created_at), '[]') FROM quotes WHERE account_id = $1), "
          "'tax_position', (SELECT jsonb_build_object('treatment', treatment, 'country_code', country_code, "
          "'rate_ppm', rate_ppm) FROM tax_positions WHERE account_id = $1), "
          "'orders', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'product_id', product_id, "
          "'kind', kind, "
          "'state', step, 'lines', offer -> 'lines', 'total', jsonb_build_object('currency_code', offer -> "
          "'currency', 'minor_units', total_minor), 'invoice', invoice, 'create_time', created_at) ORDER BY "
          "created_at), '[]') FROM orders WHERE account_id = $1))::text AS document",
          account_id));
  return rows[0].Get<std::string>("document");
}

}  // namespace perennial::subscription
