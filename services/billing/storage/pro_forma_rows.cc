#include "services/billing/storage/pro_forma_rows.h"

#include <algorithm>
#include <cstdlib>

#include "libs/base/status_macros.h"
#include "services/billing/storage/document_json.h"
#include "services/billing/storage/invoice_rows.h"

// The text of a statement must be a constant: these are its parts.
#define PRO_FORMA_COLUMNS                                                                         \
  "p.order_id, a.account_id, p.account_pseudonym, p.state, p.language, p.time_zone, p.currency, " \
  "p.net_minor, p.tax_minor, p.total_minor, p.buyer, p.invoice_id, p.created_at "
#define PRO_FORMAS "pro_forma p LEFT JOIN account_pseudonym a ON a.pseudonym = p.account_pseudonym "

namespace perennial::billing {
namespace {

using core::ProForma;
using core::ProFormaState;

ProFormaState StateFromText(const std::string& text) {
  if (text == "open") return ProFormaState::kOpen;
  if (text == "issued") return ProFormaState::kIssued;
  if (text == "cancelled") return ProFormaState::kCancelled;
  std::abort();
}

ProForma ReadProForma(const pg::Row& row) {
  ProForma pro_forma;
  pro_forma.order_id = row.Get<Uuid>("order_id");
  pro_forma.account_id = row.Get<std::optional<Uuid>>("account_id");
  pro_forma.account_pseudonym = row.Get<Uuid>("account_pseudonym");
  pro_forma.state = StateFromText(row.Get<std::string>("state"));
  pro_forma.language = LanguageFromText(row.Get<std::string>("language"));
  pro_forma.time_zone = row.Get<std::string>("time_zone");
  ReadSums(row, pro_forma.bill);
  const auto buyer = row.Get<std::optional<std::string>>("buyer");
  if (buyer) pro_forma.buyer = PartyFromJson(*buyer);
  pro_forma.invoice_id = row.Get<std::optional<Uuid>>("invoice_id");
  pro_forma.created_at = row.Get<absl::Time>("created_at");
  LinesFromJson(row.Get<std::string>("lines"), pro_forma.bill);
  return pro_forma;
}

// Pro-formas as columns, the n-th of each of the n-th, in the order of their ids: whoever else writes the
// same ones waits, and does not meet us crosswise.
struct Columns {
  std::vector<Uuid> orders, accounts;
  std::vector<std::string> languages, time_zones, currencies, buyers, lines;
  std::vector<int64_t> nets, taxes;
  std::vector<absl::Time> times;

  explicit Columns(std::vector<const ProForma*> pro_formas) {
    std::sort(pro_formas.begin(), pro_formas.end(),
              [](const ProForma* a, const ProForma* b) { return a->order_id < b->order_id; });
    for (const ProForma* pro_forma : pro_formas) {
      orders.push_back(pro_forma->order_id);
      accounts.push_back(pro_forma->account_id.value());
      languages.push_back(ToText(pro_forma->language));
      time_zones.push_back(pro_forma->time_zone);
      currencies.push_back(pro_forma->bill.currency);
      nets.push_back(pro_forma->bill.net_minor);
      taxes.push_back(pro_forma->bill.tax_minor);
      buyers.push_back(PartyToJson(pro_forma->buyer.value()));
      lines.push_back(LinesToJson(pro_forma->bill));
      times.push_back(pro_forma->created_at);
    }
  }
};

}  // namespace

absl::StatusOr<std::map<Uuid, ProForma>> ReadProFormas(pg::Database& database,
                                                       const std::vector<Uuid>& order_ids) {
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database.Query("SELECT " PRO_FORMA_COLUMNS
                                  ", CASE WHEN p.state = 'issued' THEN i.content ELSE p.lines END AS lines "
                                  "FROM " PRO_FORMAS
                                  "LEFT JOIN invoice i ON i.id = p.invoice_id WHERE p.order_id = ANY($1)",
                                  order_ids));
  std::map<Uuid, ProForma> found;
  for (const pg::Row row : rows) {
    ProForma pro_forma = ReadProForma(row);
    found.emplace(pro_forma.order_id, std::move(pro_forma));
  }
  return found;
}

absl::StatusOr<std::map<Uuid, LockedProForma>> LockProFormas(pg::Database& database,
                                                             const std::vector<PaidOrder>& orders) {
  std::vector<Uuid> ids;
  std::vector<std::optional<Uuid>> charges;
  for (const PaidOrder& order : orders) {
    ids.push_back(order.order_id);
    charges.push_back(order.charge_id);
  }
  // An invoice that is joined would be that of before the wait for the lock: so issued ones have no lines.
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database.Query("SELECT " PRO_FORMA_COLUMNS
                                  ", p.lines, (SELECT i.order_id FROM invoice i WHERE i.kind = 'invoice' "
                                  "AND i.charge_id = o.charge) AS charge_paid "
                                  "FROM unnest($1::uuid[], $2::uuid[]) AS o (id, charge) JOIN " PRO_FORMAS
                                  "ON p.order_id = o.id ORDER BY p.order_id FOR UPDATE OF p",
                                  ids, charges));
  std::map<Uuid, LockedProForma> locked;
  for (const pg::Row row : rows) {
    ProForma pro_forma = ReadProForma(row);
    const Uuid order_id = pro_forma.order_id;
    locked.emplace(order_id,
                   LockedProForma{std::move(pro_forma), row.Get<std::optional<Uuid>>("charge_paid")});
  }
  return locked;
}

absl::StatusOr<std::map<Uuid, Uuid>> InsertProFormas(pg::Database& database,
                                                     std::vector<const ProForma*> pro_formas) {
  const Columns c(std::move(pro_formas));
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database.Query(
          "INSERT INTO pro_forma (order_id, account_pseudonym, state, language, time_zone, currency, "
          "net_minor, tax_minor, total_minor, buyer, lines, created_at) "
          "SELECT n.id, a.pseudonym, 'open', n.language, n.zone, n.currency, n.net, n.tax, n.net + n.tax, "
          "n.buyer::json, n.lines::json, n.time FROM unnest($1::uuid[], $2::uuid[], $3::text[], "
          "$4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::text[], $9::text[], $10::timestamptz[]) "
          "AS n (id, account_id, language, zone, currency, net, tax, buyer, lines, time) "
          "JOIN account_pseudonym a USING (account_id) ORDER BY n.id ON CONFLICT (order_id) DO NOTHING "
          "RETURNING order_id, account_pseudonym",
          c.orders, c.accounts, c.languages, c.time_zones, c.currencies, c.nets, c.taxes, c.buyers, c.lines,
          c.times));
  std::map<Uuid, Uuid> pseudonyms;
  for (const pg::Row row : rows) {
    pseudonyms.emplace(row.Get<Uuid>("order_id"), row.Get<Uuid>("account_pseudonym"));
  }
  return pseudonyms;
}

absl::Status ReplaceProFormas(pg::Database& database, std::vector<const ProForma*> pro_formas) {
  const Columns c(std::move(pro_formas));
  return database.Execute(
      "UPDATE pro_forma p SET currency = n.currency, net_minor = n.net, tax_minor = n.tax, "
      "total_minor = n.net + n.tax, buyer = n.buyer::json, lines = n.lines::json "
      "FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[]) "
      "AS n (id, currency, net, tax, buyer, lines) WHERE p.order_id = n.id AND p.state = 'open'",
      c.orders, c.currencies, c.nets, c.taxes, c.buyers, c.lines);
}

absl::Status MarkIssued(pg::Database& database, const std::vector<const core::Document*>& invoices) {
  std::vector<Uuid> orders, ids;
  for (const core::Document* invoice : invoices) {
    orders.push_back(invoice->order_id);
    ids.push_back(invoice->id);
  }
  return database.Execute(
      "UPDATE pro_forma p SET state = 'issued', buyer = NULL, invoice_id = n.invoice, "
      "lines = '{\"lines\":[],\"tax_lines\":[]}' FROM unnest($1::uuid[], $2::uuid[]) AS n (id, invoice) "
      "WHERE p.order_id = n.id",
      orders, ids);
}

}  // namespace perennial::billing
