#include "services/billing/storage/ledger_posting.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status_macros.h"

namespace perennial::billing {
namespace {

// Entries as columns; the n-th of each is the n-th entry's. Empty texts are NULL.
#define ADD_ENTRIES                                                                                        \
  "INSERT INTO journal_entry (id, kind, post_time, document_id, time_zone, day, currency, accounts, "      \
  "amounts_minor) SELECT e.id, e.kind, e.post_time::timestamptz, nullif(e.document_id, '')::uuid, "        \
  "nullif(e.time_zone, ''), nullif(e.day, '')::date, e.currency, string_to_array(e.accounts, ','), "       \
  "string_to_array(e.amounts, ',')::bigint[] FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], " \
  "$5::text[], $6::text[], $7::text[], $8::text[], $9::text[]) "                                           \
  "AS e (id, kind, post_time, document_id, time_zone, day, currency, accounts, amounts)"

struct EntryColumns {
  std::vector<Uuid> ids;
  std::vector<std::string> kinds, post_times, document_ids, time_zones, days, currencies, accounts, amounts;

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
      post_times.push_back(pg::Param(entry.post_time).text().value());
      document_ids.push_back(entry.document_id ? entry.document_id->ToString() : "");
      time_zones.push_back(entry.time_zone);
      days.push_back(entry.day ? FormatDate(*entry.day) : "");
      currencies.push_back(entry.currency);
      accounts.push_back(absl::StrJoin(names, ","));
      amounts.push_back(absl::StrJoin(amounts_minor, ","));
    }
  }
};

absl::Status PostInvoice(pg::Database& database, const core::Document& invoice) {
  const EntryColumns e(EntriesOfInvoice(invoice));
  if (e.ids.empty()) return absl::OkStatus();
  const absl::TimeZone zone = ZoneOrUtc(invoice.time_zone);
  const CivilDate over = core::LastDayOver(zone, invoice.issue_time);
  std::vector<int64_t> numbers, nets;
  std::vector<std::string> starts, ends;
  for (size_t i = 0; i < invoice.bill.lines.size(); ++i) {
    const core::InvoiceLine& line = invoice.bill.lines[i];
    if (line.net_minor == 0) continue;
    numbers.push_back(static_cast<int64_t>(i) + 1);
    nets.push_back(line.net_minor);
    starts.push_back(FormatDate(line.term_start));
    ends.push_back(FormatDate(line.term_end));
  }
  // One round trip for all of it: this is a part of every renewal. A line that begins a week or more after
  // the zone's last day booked needs no look back: before this commits hardly another day is booked, for
  // whoever books one waits for those that are posting (BookNextDay).
  return database
      .Query(
          "WITH lines AS (INSERT INTO recognition_line (invoice_id, line_number, currency, net_minor, "
          "term_start, term_end, time_zone, taken_in) SELECT $10, l.number, $11, l.net, l.first::date, "
          "l.last::date, $12, l.first::date > coalesce((SELECT z.through_day FROM recognition_zone z "
          "WHERE z.time_zone = $12), $17::date) + 7 FROM unnest($13::integer[], $14::bigint[], $15::text[], "
          "$16::text[]) AS l (number, net, first, last)), "
          "zone AS (INSERT INTO recognition_zone (time_zone, through_day, next_at) VALUES ($12, $17, $18) "
          "ON CONFLICT (time_zone) DO NOTHING) " ADD_ENTRIES,
          e.ids, e.kinds, e.post_times, e.document_ids, e.time_zones, e.days, e.currencies, e.accounts,
          e.amounts, invoice.id, invoice.bill.currency, invoice.time_zone, numbers, nets, starts, ends, over,
          core::NextDueAt(zone, over))
      .status();
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
  std::vector<int64_t> numbers, credits;
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

absl::Status Post(pg::Database& database, const core::Document& document) {
  if (document.kind == core::DocumentKind::kInvoice) return PostInvoice(database, document);
  if (document.bill.total_minor == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(const core::Reversal reversed, ReverseLines(database, document));
  return AddEntries(database, EntriesOfCreditNote(document, reversed));
}

}  // namespace perennial::billing
