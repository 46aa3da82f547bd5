#include "services/subscription/storage/postgres_quote_store.h"

#include "libs/base/status_macros.h"
#include "services/subscription/storage/offer_json.h"
#include "services/subscription/storage/postgres_deletion_store.h"

namespace perennial::subscription {
namespace {

#define PERENNIAL_QUOTE_COLUMNS                                                                          \
  "id, account_id, offer, draft, tax_minor, total_minor, tax_descriptions, resulting_expiry, order_id, " \
  "expires_at, created_at"

std::optional<Quote> ToQuote(const pg::Rows& rows) {
  if (rows.empty()) return std::nullopt;
  const pg::Row row = rows[0];
  Quote quote;
  quote.id = row.Get<Uuid>("id");
  quote.account_id = row.Get<Uuid>("account_id");
  quote.offer = OfferFromJson(row.Get<std::string>("offer"));
  quote.draft = DraftFromJson(row.Get<std::string>("draft"));
  quote.tax = {row.Get<int64_t>("tax_minor"), row.Get<int64_t>("total_minor"),
               TextsFromJson(row.Get<std::string>("tax_descriptions"))};
  quote.resulting_expiry = row.Get<CivilDate>("resulting_expiry");
  quote.order_id = row.Get<std::optional<Uuid>>("order_id");
  quote.expires_at = row.Get<absl::Time>("expires_at");
  quote.created_at = row.Get<absl::Time>("created_at");
  return quote;
}

}  // namespace

absl::Status PostgresQuoteStore::Insert(const Quote& quote) {
  // A price that was promised and is lost with the database's machine is asked for again. What it becomes, an
  // order, is committed with waiting, and takes it along.
  RETURN_IF_ERROR(database_.CommitWithoutWaiting());
  return database_.Execute("INSERT INTO quotes (" PERENNIAL_QUOTE_COLUMNS
                           ") SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM "
                           "enter_account($2, $12)",
                           quote.id, quote.account_id, OfferToJson(quote.offer), DraftToJson(quote.draft),
                           quote.tax.tax_minor, quote.tax.total_minor, TextsToJson(quote.tax.descriptions),
                           quote.resulting_expiry, quote.order_id, quote.expires_at, quote.created_at,
                           PseudonymOf(secret_key_, quote.account_id));
}

absl::StatusOr<std::optional<Quote>> PostgresQuoteStore::Find(const Uuid& account_id, const Uuid& id) {
  ASSIGN_OR_RETURN(const pg::Rows rows, database_.Query("SELECT " PERENNIAL_QUOTE_COLUMNS
                                                        " FROM quotes WHERE id = $1 AND account_id = $2",
                                                        id, account_id));
  return ToQuote(rows);
}

absl::StatusOr<std::optional<Quote>> PostgresQuoteStore::Lock(const Uuid& account_id, const Uuid& id) {
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database_.Query("SELECT " PERENNIAL_QUOTE_COLUMNS
                                   " FROM quotes WHERE id = $1 AND account_id = $2 FOR UPDATE",
                                   id, account_id));
  return ToQuote(rows);
}

absl::Status PostgresQuoteStore::Consume(const Quote& quote, const Uuid& order_id) {
  return database_.Execute("UPDATE quotes SET order_id = $3 WHERE account_id = $1 AND id = $2",
                           quote.account_id, quote.id, order_id);
}

absl::StatusOr<int> PostgresQuoteStore::Purge(absl::Time expired_before) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("DELETE FROM quotes WHERE ctid = ANY(ARRAY(SELECT ctid FROM quotes WHERE order_id IS "
                      "NULL AND expires_at < $1 LIMIT 1000))",
                      expired_before));
  return static_cast<int>(rows.affected());
}

}  // namespace perennial::subscription
