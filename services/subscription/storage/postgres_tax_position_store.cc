#include "services/subscription/storage/postgres_tax_position_store.h"

#include <utility>

#include "libs/base/status_macros.h"
#include "services/subscription/storage/names.h"
#include "services/subscription/storage/postgres_deletion_store.h"
#include "services/subscription/storage/product_rows.h"

namespace perennial::subscription {
namespace {

constexpr char kFind[] =
    "SELECT revision, treatment, country_code, rate_ppm, country_name_en, country_name_fr, ask_again_at FROM "
    "tax_positions WHERE account_id = $1";

std::optional<TaxPosition> ToTaxPosition(const pg::Rows& rows) {
  if (rows.empty()) return std::nullopt;
  const pg::Row row = rows[0];
  TaxPosition known;
  known.revision = row.Get<int64_t>("revision");
  known.position.treatment = FromText<tax::Treatment>(row.Get<std::string>("treatment"));
  known.position.country_code = row.Get<std::string>("country_code");
  known.position.rate_ppm = row.Get<int>("rate_ppm");
  known.position.country_name_en = row.Get<std::string>("country_name_en");
  known.position.country_name_fr = row.Get<std::string>("country_name_fr");
  known.ask_again_at = row.Get<absl::Time>("ask_again_at");
  return known;
}

}  // namespace

absl::StatusOr<std::optional<TaxPosition>> PostgresTaxPositionStore::Find(const Uuid& account_id) {
  ASSIGN_OR_RETURN(const pg::Rows rows, database_.Query(kFind, account_id));
  return ToTaxPosition(rows);
}

absl::StatusOr<TaxPositionStore::WithProduct> PostgresTaxPositionStore::FindWithProduct(
    const Uuid& account_id, const Uuid& product_id) {
  ASSIGN_OR_RETURN(auto loaded, LoadProductWith(database_, product_id, {kFind, {account_id}}));
  return WithProduct{std::move(loaded.first), ToTaxPosition(loaded.second)};
}

absl::Status PostgresTaxPositionStore::Keep(const Uuid& account_id, const TaxPosition& told) {
  return database_.Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(KeepPurgeOut(database_, account_id));
    return database_.Execute(
        "INSERT INTO tax_positions (account_id, revision, treatment, country_code, rate_ppm, "
        "country_name_en, "
        "country_name_fr, ask_again_at) SELECT $1::uuid, $2::bigint, $3, $4, $5::int, $6, $7, "
        "$8::timestamptz WHERE NOT EXISTS (SELECT FROM account_deletions WHERE pseudonym = $9) "
        "ON CONFLICT (account_id) DO UPDATE SET "
        "revision = excluded.revision, treatment = excluded.treatment, "
        "country_code = excluded.country_code, rate_ppm = excluded.rate_ppm, "
        "country_name_en = excluded.country_name_en, country_name_fr = excluded.country_name_fr, "
        "ask_again_at = excluded.ask_again_at WHERE tax_positions.revision <= excluded.revision",
        account_id, told.revision, ToText(told.position.treatment), told.position.country_code,
        told.position.rate_ppm, told.position.country_name_en, told.position.country_name_fr,
        told.ask_again_at, PseudonymOf(secret_key_, account_id));
  });
}

absl::Status PostgresTaxPositionStore::Outdate(const Uuid& account_id, int64_t revision) {
  return database_.Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(KeepPurgeOut(database_, account_id));
    return database_.Execute(
        "INSERT INTO tax_positions (account_id, revision, ask_again_at) SELECT $1::uuid, $2::bigint, "
        "TIMESTAMPTZ 'epoch' WHERE NOT EXISTS (SELECT FROM account_deletions WHERE pseudonym = $3) ON "
        "CONFLICT (account_id) DO UPDATE SET revision = excluded.revision, ask_again_at = "
        "excluded.ask_again_at "
        "WHERE tax_positions.revision < excluded.revision",
        account_id, revision, PseudonymOf(secret_key_, account_id));
  });
}

absl::Status PostgresTaxPositionStore::Doubt(const Uuid& account_id) {
  return database_.Execute(
      "UPDATE tax_positions SET ask_again_at = TIMESTAMPTZ 'epoch' WHERE account_id = $1", account_id);
}

}  // namespace perennial::subscription
