#include "services/billing/storage/ledger_posting.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status_macros.h"

namespace perennial::billing {
namespace {

// Entries as columns; the n-th of each is the n-th entry's. An array of arrays would have to be square: so
// accounts and amounts travel as texts.
#define ADD_ENTRIES                                                                                     \
  "INSERT INTO journal_entry (id, kind, post_time, document_id, time_zone, day, currency, accounts, "   \
  "amounts_minor) SELECT e.id, e.kind, e.post_time, e.document_id, e.time_zone, e.day, e.currency, "    \
  "e.accounts::text[], e.amounts::bigint[] FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], "     \
  "$4::uuid[], $5::text[], $6::date[], $7::text[], $8::text[], $9::text[]) AS e (id, kind, post_time, " \
  "document_id, time_zone, day, currency, accounts, amounts)"

struct EntryColumns {
  std::vector<Uuid> ids;
  std::vector<std::string> kinds, currencies, accounts, amounts;
  std::vector<absl::Time> post_times;
  std::vector<std::optional<Uuid>> document_ids;
  std::vector<std::optional<std::string>> time_zones;
  std::vector<std::optional<CivilDate>> days;

  explicit EntryColumns(const std::vector<core::JournalEntry>& entries) {
    for (const core::JournalEntry& entry : entries) {
      std::vector<absl::string_view> names;
      std::vector<int64_t> amounts_minor;
      for (const core::Posting& posting : entry.postings) {
        names.push_back(NameOf(posting.account));
        amounts_minor.push_back(posting.amount_minor);
      }
      ids.push_back(entry.id);
      kinds.emplace_back(NameOf(entry.kind));
      post_times.push_back(entry.post_time);
      document_ids.push_back(entry.document_id);
      time_zones.push_back(entry.day ? std::optional(entry.time_zone) : std::nullopt);
      days.push_back(entry.day);
      currencies.push_back(entry.currency);
      accounts.push_back(absl::StrCat("{", absl::StrJoin(names, ","), "}"));
      amounts.push_back(absl::StrCat("{", absl::StrJoin(amounts_minor, ","), "}"));
    }
  }
};

// Lines as columns, of those that cost something.
struct LineColumns {
  std::vector<Uuid> invoices;
  std::vector<int> numbers;
  std::vector<int64_t> nets;
  std::vector<std::string> currencies, time_zones;
  std::vector<CivilDate> starts, ends;

  void Add(const core::Document& invoice) {
    for (size_t i = 0; i < invoice.bill.lines.size(); ++i) {
      const core::InvoiceLine& line = invoice.bill.lines[i];
      if (line.net_minor == 0) continue;
      invoices.push_back(invoice.id);
      numbers.push_back(static_cast<int>(i) + 1);
      nets.push_back(line.net_minor);
      currencies.push_back(invoice.bill.currency);
      starts.push_back(line.term_start);
      ends.push_back(line.term_end);
      time_zones.push_back(invoice.time_zone);
    }
  }
};

// Time zones as columns, in the order of their names, with the last day that is over there.
struct ZoneColumns {
  std::vector<std::string> names;
  std::vector<CivilDate> over;
  std::vector<absl::Time> next;

  explicit ZoneColumns(const std::map<std::string, absl::Time>& zones) {
    for (const auto& [name, now] : zones) {
      const absl::TimeZone zone = ZoneOrUtc(name);
      const CivilDate day = core::LastDayOver(zone, now);
      names.push_back(name);
      over.push_back(day);
      next.push_back(core::NextDueAt(zone, day));
    }
  }
};

absl::Status PostInvoices(pg::Database& database, const std::vector<const core::Document*>& invoices) {
  std::vector<core::JournalEntry> entries;
  LineColumns l;
  std::map<std::string, absl::Time> used_zones;
  for (const core::Document* invoice : invoices) {
    std::vector<core::JournalEntry> of_invoice = EntriesOfInvoice(*invoice);
    if (of_invoice.empty()) continue;
    std::move(of_invoice.begin(), of_invoice.end(), std::back_inserter(entries));
    l.Add(*invoice);
    used_zones.emplace(invoice->time_zone, invoice->issue_time);
  }
  if (entries.empty()) return absl::OkStatus();
  const EntryColumns e(entries);
  const ZoneColumns z(used_zones);
  // Whoever books a day or closes one waits for those who post from here on (BookNextDay, CloseDay).
  RETURN_IF_ERROR(database.Execute("SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))",
                                   "billing/ledger_closing"));
  // A line that begins a week or more after the zone's last day booked needs no look back.
  RETURN_IF_ERROR(database.Execute(
      "WITH zones AS (SELECT u.name, u.over, u.next, r.through_day "
      "FROM unnest($8::text[], $9::date[], $10::timestamptz[]) AS u (name, over, next) "
      "LEFT JOIN recognition_zone r ON r.time_zone = u.name), "
      "new_zones AS (INSERT INTO recognition_zone (time_zone, through_day, next_at) SELECT name, over, next "
      "FROM zones WHERE through_day IS NULL ORDER BY name COLLATE \"C\" ON CONFLICT (time_zone) DO NOTHING) "
      "INSERT INTO recognition_line (invoice_id, line_number, currency, net_minor, term_start, term_end, "
      "time_zone, taken_in) SELECT l.invoice, l.number, l.currency, l.net, l.first, l.last, "
      "l.zone, l.first > coalesce(zones.through_day, zones.over) + 7 FROM unnest($1::uuid[], "
      "$2::integer[], $3::text[], $4::bigint[], $5::date[], $6::date[], $7::text[]) "
      "AS l (invoice, number, currency, net, first, last, zone) JOIN zones ON zones.name = l.zone",
      l.invoices, l.numbers, l.currencies, l.nets, l.starts, l.ends, l.time_zones, z.names, z.over, z.next));
  return database.Execute(ADD_ENTRIES, e.ids, e.kinds, e.post_times, e.document_ids, e.time_zones, e.days,
                          e.currencies, e.accounts, e.amounts);
}

// Takes a credit note's lines off those of its invoice. The zone's lock keeps recognition from doing its sums
// in between.
absl::StatusOr<core::Reversal> ReverseLines(pg::Database& database, const core::Document& note) {
  ASSIGN_OR_RETURN(const CivilDate through, LockZone(database, note.time_zone, note.issue_time));
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database.Query("SELECT line_number, net_minor, credited_minor, term_start, term_end, taken_in "
                     "FROM recognition_line WHERE invoice_id = $1 FOR UPDATE",
                     note.credited_invoice_id));
  core::Reversal sum;
  std::vector<int> numbers;
  std::vector<int64_t> credits;
  for (const pg::Row row : rows) {
    const int number = row.Get<int>("line_number");
    const core::EarningLine line{row.Get<int64_t>("net_minor"), row.Get<int64_t>("credited_minor"),
                                 row.Get<CivilDate>("term_start"), row.Get<CivilDate>("term_end")};
    const int64_t credit_minor = note.bill.lines.at(number - 1).net_minor;
    // Of a line that is not taken in nothing is income.
    const CivilDate booked = row.Get<bool>("taken_in") ? through : line.term_start - 1;
    sum += ReverseOf(line, credit_minor, booked);
    numbers.push_back(number);
    credits.push_back(credit_minor);
  }
  RETURN_IF_ERROR(database
                      .Query("UPDATE recognition_line l SET credited_minor = l.credited_minor + c.credit "
                             "FROM unnest($2::integer[], $3::bigint[]) AS c (number, credit) "
                             "WHERE l.invoice_id = $1 AND l.line_number = c.number",
                             note.credited_invoice_id, numbers, credits)
                      .status());
  return sum;
}

}  // namespace

absl::TimeZone ZoneOrUtc(const std::string& name) {
  const auto zone = LoadTimeZone(name);
  return zone.ok() ? *zone : absl::UTCTimeZone();
}

absl::Status AddEntries(pg::Database& database, const std::vector<core::JournalEntry>& entries) {
  const EntryColumns e(entries);
  if (e.ids.empty()) return absl::OkStatus();
  return database
      .Query(ADD_ENTRIES, e.ids, e.kinds, e.post_times, e.document_ids, e.time_zones, e.days, e.currencies,
             e.accounts, e.amounts)
      .status();
}

absl::StatusOr<CivilDate> LockZone(pg::Database& database, const std::string& time_zone, absl::Time now) {
  const absl::TimeZone zone = ZoneOrUtc(time_zone);
  const CivilDate over = core::LastDayOver(zone, now);
  RETURN_IF_ERROR(
      database
          .Query("INSERT INTO recognition_zone (time_zone, through_day, next_at) VALUES ($1, $2, $3) "
                 "ON CONFLICT (time_zone) DO NOTHING",
                 time_zone, over, core::NextDueAt(zone, over))
          .status());
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database.Query("SELECT through_day FROM recognition_zone WHERE time_zone = $1 FOR UPDATE", time_zone));
  return rows[0].Get<CivilDate>("through_day");
}

absl::Status Post(pg::Database& database, const std::vector<const core::Document*>& documents) {
  if (documents[0]->kind == core::DocumentKind::kInvoice) return PostInvoices(database, documents);
  for (const core::Document* note : documents) {
    if (note->bill.total_minor == 0) continue;
    ASSIGN_OR_RETURN(const core::Reversal reversed, ReverseLines(database, *note));
    RETURN_IF_ERROR(AddEntries(database, EntriesOfCreditNote(*note, reversed)));
  }
  return absl::OkStatus();
}

}  // namespace perennial::billing
