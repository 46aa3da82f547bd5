#include "services/billing/storage/postgres_ledger_store.h"

#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "libs/base/status_macros.h"
#include "services/billing/storage/document_json.h"

namespace perennial::billing {
namespace {

using core::LedgerAccount;

LedgerAccount AccountFromText(absl::string_view text) {
  const auto account = core::LedgerAccountOf(text);
  if (!account) std::abort();
  return *account;
}

core::EntryKind KindFromText(absl::string_view text) {
  const auto kind = core::EntryKindOf(text);
  if (!kind) std::abort();
  return *kind;
}

std::vector<core::Posting> ReadPostings(const pg::Row& row) {
  const std::string accounts = row.Get<std::string>("accounts");
  const std::string amounts = row.Get<std::string>("amounts_minor");
  const std::vector<absl::string_view> names = absl::StrSplit(accounts, ',');
  const std::vector<absl::string_view> numbers = absl::StrSplit(amounts, ',');
  std::vector<core::Posting> postings;
  for (size_t i = 0; i < names.size(); ++i) {
    int64_t amount_minor = 0;
    if (!absl::SimpleAtoi(numbers[i], &amount_minor)) std::abort();
    postings.push_back({AccountFromText(names[i]), amount_minor});
  }
  return postings;
}

PagePosition FromStart(std::optional<PagePosition> after) {
  return after.value_or(PagePosition{absl::UnixEpoch(), Uuid()});
}

// What every read of entries selects.
#define ENTRIES                                                                                 \
  "SELECT e.id, e.kind, e.post_time, e.document_id, e.time_zone, e.day, e.currency, "           \
  "array_to_string(e.accounts, ',') AS accounts, array_to_string(e.amounts_minor, ',') AS "     \
  "amounts_minor, i.order_id, coalesce(a.account_id, i.account_pseudonym) AS named_account_id " \
  "FROM journal_entry e LEFT JOIN invoice i ON i.id = e.document_id "                           \
  "LEFT JOIN account_pseudonym a ON a.pseudonym = i.account_pseudonym "

// Sums before $1: of the days that are summed, and of the entries after them.
#define SUMS                                                                                               \
  "WITH cut AS (SELECT least((SELECT through_day + 1 FROM ledger_closing), ($1::timestamptz AT TIME ZONE " \
  "'UTC')::date) AS day), open AS (SELECT coalesce((SELECT day::timestamp AT TIME ZONE 'UTC' FROM cut "    \
  "WHERE EXISTS (SELECT FROM ledger_closing)), '-infinity') AS since), "                                   \
  "sums AS (SELECT d.currency, d.account, d.debit_minor, d.credit_minor FROM ledger_day d "                \
  "WHERE d.day < (SELECT day FROM cut) "                                                                   \
  "UNION ALL SELECT e.currency, p.account, greatest(p.amount, 0), greatest(-p.amount, 0) "                 \
  "FROM journal_entry e, unnest(e.accounts, e.amounts_minor) AS p (account, amount) "                      \
  "WHERE e.post_time >= (SELECT since FROM open) AND e.post_time < $1) "

std::vector<BookedEntry> ReadEntries(const pg::Rows& rows) {
  std::vector<BookedEntry> entries;
  for (const pg::Row row : rows) {
    entries.push_back({{.id = row.Get<Uuid>("id"),
                        .kind = KindFromText(row.Get<std::string>("kind")),
                        .post_time = row.Get<absl::Time>("post_time"),
                        .document_id = row.Get<std::optional<Uuid>>("document_id"),
                        .time_zone = row.Get<std::optional<std::string>>("time_zone").value_or(""),
                        .day = row.Get<std::optional<CivilDate>>("day"),
                        .currency = row.Get<std::string>("currency"),
                        .postings = ReadPostings(row)},
                       row.Get<std::optional<Uuid>>("order_id"),
                       row.Get<std::optional<Uuid>>("named_account_id")});
  }
  return entries;
}

}  // namespace

absl::StatusOr<std::vector<LedgerBalance>> PostgresLedgerStore::TrialBalance(absl::Time before) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query(SUMS "SELECT currency, account, sum(debit_minor)::bigint AS debit, "
                           "sum(credit_minor)::bigint AS credit FROM sums GROUP BY currency, account "
                           "ORDER BY currency, account",
                      before));
  std::vector<LedgerBalance> balances;
  for (const pg::Row row : rows) {
    balances.push_back({AccountFromText(row.Get<std::string>("account")), row.Get<std::string>("currency"),
                        row.Get<int64_t>("debit"), row.Get<int64_t>("credit")});
  }
  return balances;
}

absl::StatusOr<std::vector<BookedEntry>> PostgresLedgerStore::ListEntries(std::optional<PagePosition> after,
                                                                          int limit) {
  const PagePosition from = FromStart(after);
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query(ENTRIES "WHERE (e.post_time, e.id) > ($1, $2) ORDER BY e.post_time, e.id LIMIT $3",
                      from.time, from.id, limit));
  return ReadEntries(rows);
}

absl::StatusOr<std::vector<BookedEntry>> PostgresLedgerStore::ListColumn(const LedgerColumn& column,
                                                                         PagePosition after,
                                                                         absl::Time before, int limit) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query(ENTRIES "WHERE (e.post_time, e.id) > ($1, $2) AND e.post_time < $3 AND "
                              "e.currency = $4 AND e.accounts @> ARRAY[$5] "
                              "ORDER BY e.post_time, e.id LIMIT $6",
                      after.time, after.id, before, column.currency, core::NameOf(column.account), limit));
  return ReadEntries(rows);
}

absl::StatusOr<int64_t> PostgresLedgerStore::BalanceThrough(const LedgerColumn& column,
                                                            PagePosition through) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query(
          SUMS "SELECT (coalesce((SELECT sum(debit_minor - credit_minor) FROM sums WHERE currency = $2 "
               "AND account = $3), 0) + coalesce((SELECT sum(p.amount) FROM journal_entry e, "
               "unnest(e.accounts, e.amounts_minor) AS p (account, amount) WHERE e.post_time = $1 AND "
               "e.id <= $4 AND e.currency = $2 AND p.account = $3), 0))::bigint AS balance",
          through.time, column.currency, core::NameOf(column.account), through.id));
  return rows[0].Get<int64_t>("balance");
}

absl::StatusOr<bool> PostgresLedgerStore::CloseDay(absl::Time before) {
  bool closed = false;
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    // Waits for who is writing entries; those that come later find the day closed, and add themselves to it.
    RETURN_IF_ERROR(
        database_.Execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", "billing/ledger_closing"));
    // Whose insert or update wins has the day; the other one waits here, and finds nothing to do.
    ASSIGN_OR_RETURN(
        const pg::Rows rows,
        database_.Query(
            "INSERT INTO ledger_closing (through_day) SELECT coalesce((SELECT through_day + 1 FROM "
            "ledger_closing), (SELECT (min(post_time) AT TIME ZONE 'UTC')::date FROM journal_entry)) AS day "
            "WHERE coalesce((SELECT through_day + 1 FROM ledger_closing), (SELECT (min(post_time) AT TIME "
            "ZONE "
            "'UTC')::date FROM journal_entry)) < ($1::timestamptz AT TIME ZONE 'UTC')::date "
            "ON CONFLICT (only_row) DO UPDATE SET through_day = excluded.through_day "
            "WHERE ledger_closing.through_day < excluded.through_day RETURNING through_day",
            before));
    closed = !rows.empty();
    if (!closed) return absl::OkStatus();
    return database_
        .Query(
            "INSERT INTO ledger_day (day, currency, account, debit_minor, credit_minor) "
            "SELECT $1::date, e.currency, p.account, sum(greatest(p.amount, 0)), sum(greatest(-p.amount, 0)) "
            "FROM journal_entry e, unnest(e.accounts, e.amounts_minor) AS p (account, amount) "
            "WHERE e.post_time >= $1::date::timestamp AT TIME ZONE 'UTC' "
            "AND e.post_time < ($1::date + 1)::timestamp AT TIME ZONE 'UTC' GROUP BY e.currency, p.account",
            rows[0].Get<CivilDate>("through_day"))
        .status();
  }));
  return closed;
}

absl::StatusOr<std::vector<BookedDocument>> PostgresLedgerStore::ListDocuments(
    std::optional<PagePosition> after, int limit) {
  const PagePosition from = FromStart(after);
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query(
          "SELECT i.id, i.kind, coalesce(a.account_id, i.account_pseudonym) AS named_account_id, "
          "i.account_pseudonym, i.series, i.sequence_number, i.issue_time, i.order_id, i.charge_id, "
          "i.refund_id, "
          "i.credited_invoice_id, i.currency, i.net_minor, i.tax_minor, i.total_minor FROM invoice i "
          "LEFT JOIN account_pseudonym a ON a.pseudonym = i.account_pseudonym "
          "WHERE (i.issue_time, i.id) > ($1, $2) ORDER BY i.issue_time, i.id LIMIT $3",
          from.time, from.id, limit));
  std::vector<BookedDocument> documents;
  for (const pg::Row row : rows) {
    documents.push_back({DocumentKindFromText(row.Get<std::string>("kind")), row.Get<Uuid>("id"),
                         row.Get<Uuid>("named_account_id"), row.Get<Uuid>("account_pseudonym"),
                         row.Get<std::string>("series"), row.Get<int64_t>("sequence_number"),
                         row.Get<absl::Time>("issue_time"), row.Get<Uuid>("order_id"),
                         row.Get<std::optional<Uuid>>("charge_id"), row.Get<std::optional<Uuid>>("refund_id"),
                         row.Get<std::optional<Uuid>>("credited_invoice_id"),
                         row.Get<std::string>("currency"), row.Get<int64_t>("net_minor"),
                         row.Get<int64_t>("tax_minor"), row.Get<int64_t>("total_minor")});
  }
  return documents;
}

}  // namespace perennial::billing
