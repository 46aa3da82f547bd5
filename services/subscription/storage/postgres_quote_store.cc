#include "services/subscription/storage/postgres_quote_store.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/seal.h"
#include "services/subscription/storage/offer_json.h"

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
  quote.handle = quote.id.ToString();
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

// Names outlive the release that gave them: another form of what is sealed needs another number here, so that
// those of the old one do not open.
std::string ContextOf(const Uuid& account_id) {
  return absl::StrCat("quote/1/", account_id.ToString());
}

}  // namespace

std::string PostgresQuoteStore::Seal(const Quote& quote) {
  return absl::WebSafeBase64Escape(
      crypto::Seal(secret_key_, ContextOf(quote.account_id), QuoteToCbor(quote)));
}

absl::StatusOr<std::optional<Quote>> PostgresQuoteStore::FindStored(const Uuid& account_id, const Uuid& id) {
  ASSIGN_OR_RETURN(const pg::Rows rows, database_.Query("SELECT " PERENNIAL_QUOTE_COLUMNS
                                                        " FROM quotes WHERE id = $1 AND account_id = $2",
                                                        id, account_id));
  return ToQuote(rows);
}

absl::StatusOr<std::optional<Quote>> PostgresQuoteStore::Find(const Uuid& account_id,
                                                              const std::string& handle) {
  const absl::StatusOr<Uuid> id = Uuid::Parse(handle);
  if (id.ok()) return FindStored(account_id, *id);
  std::string sealed;
  // Base64 has several spellings of the same bytes; only ours counts.
  if (!absl::WebSafeBase64Unescape(handle, &sealed) || absl::WebSafeBase64Escape(sealed) != handle)
    return std::nullopt;
  const std::optional<std::string> opened = crypto::Open(secret_key_, ContextOf(account_id), sealed);
  if (!opened) return std::nullopt;
  Quote quote = QuoteFromCbor(*opened);
  quote.account_id = account_id;
  quote.handle = handle;
  ASSIGN_OR_RETURN(const std::optional<Quote> stored, FindStored(account_id, quote.id));
  if (stored) quote.order_id = stored->order_id;
  return quote;
}

absl::StatusOr<bool> PostgresQuoteStore::Consume(const Quote& quote, const Uuid& order_id) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query(
          "INSERT INTO quotes (" PERENNIAL_QUOTE_COLUMNS
          ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (account_id, id) DO "
          "UPDATE SET order_id = excluded.order_id WHERE quotes.order_id IS NULL",
          quote.id, quote.account_id, OfferToJson(quote.offer), DraftToJson(quote.draft), quote.tax.tax_minor,
          quote.tax.total_minor, TextsToJson(quote.tax.descriptions), quote.resulting_expiry, order_id,
          quote.expires_at, quote.created_at));
  return rows.affected() == 1;
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
