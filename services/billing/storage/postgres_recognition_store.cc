#include "services/billing/storage/postgres_recognition_store.h"

#include "libs/base/status_macros.h"
#include "services/billing/storage/ledger_posting.h"

namespace perennial::billing {

using core::EntryKind;
using core::JournalEntry;

absl::StatusOr<std::optional<std::string>> PostgresRecognitionStore::ZoneWithNewLines() {
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database_.Query("SELECT time_zone FROM recognition_line WHERE NOT taken_in LIMIT 1"));
  return rows.empty() ? std::nullopt : std::optional(rows[0].Get<std::string>("time_zone"));
}

absl::StatusOr<RecognitionStore::Booked> PostgresRecognitionStore::TakeIn(const std::string& time_zone,
                                                                          absl::Time now, int limit) {
  Booked booked;
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    booked = {};
    ASSIGN_OR_RETURN(const CivilDate through, LockZone(database_, time_zone, now));
    ASSIGN_OR_RETURN(
        const pg::Rows sums,
        database_.Query(
            "WITH new AS (SELECT invoice_id, line_number FROM recognition_line "
            "WHERE time_zone = $1 AND NOT taken_in LIMIT $3 FOR UPDATE), "
            "taken AS (UPDATE recognition_line l SET taken_in = true FROM new WHERE l.invoice_id = "
            "new.invoice_id "
            "AND l.line_number = new.line_number RETURNING l.currency, "
            "recognised_minor(l.net_minor - l.credited_minor, l.term_start, l.term_end, $2) AS minor) "
            "SELECT currency, count(*) AS lines, sum(minor)::bigint AS minor FROM taken GROUP BY currency",
            time_zone, through, limit));
    std::vector<JournalEntry> entries;
    for (const pg::Row row : sums) {
      const Money amount{row.Get<std::string>("currency"), row.Get<int64_t>("minor")};
      booked.count += static_cast<int>(row.Get<int64_t>("lines"));
      if (amount.minor == 0) continue;
      booked.amounts.push_back(amount);
      entries.push_back(EntryOfRecognition(EntryKind::kLateRecognition, ids_.Next(), now, time_zone, through,
                                           amount.currency, amount.minor));
    }
    return AddEntries(database_, entries);
  }));
  return booked;
}

absl::StatusOr<std::optional<RecognitionStore::Zone>> PostgresRecognitionStore::ZoneDue(absl::Time now) {
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database_.Query("SELECT time_zone, through_day FROM recognition_zone WHERE next_at <= $1 "
                                   "ORDER BY next_at, time_zone LIMIT 1",
                                   now));
  if (rows.empty()) return std::nullopt;
  return Zone{rows[0].Get<std::string>("time_zone"), rows[0].Get<CivilDate>("through_day")};
}

absl::StatusOr<RecognitionStore::Booked> PostgresRecognitionStore::BookNextDay(const Zone& zone,
                                                                               absl::Time now) {
  Booked booked;
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    booked = {};
    ASSIGN_OR_RETURN(const CivilDate through, LockZone(database_, zone.time_zone, now));
    if (through != zone.through) return absl::OkStatus();
    const CivilDate day = through + 1;
    // Waits for those that are posting now, who hold it together (check_entries): their lines may have this
    // day.
    RETURN_IF_ERROR(
        database_.Execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", "billing/ledger_closing"));
    // A statement of its own: only one that begins under the locks sees what others did before.
    ASSIGN_OR_RETURN(
        const pg::Rows sums,
        database_.Query(
            "SELECT currency, sum(recognised_minor(net_minor - credited_minor, term_start, term_end, $2) - "
            "recognised_minor(net_minor - credited_minor, term_start, term_end, $2 - 1))::bigint AS minor "
            "FROM recognition_line WHERE time_zone = $1 AND taken_in AND term_end > $2 AND term_start <= $2 "
            "GROUP BY currency",
            zone.time_zone, day));
    std::vector<JournalEntry> entries;
    for (const pg::Row row : sums) {
      const Money amount{row.Get<std::string>("currency"), row.Get<int64_t>("minor")};
      if (amount.minor == 0) continue;
      booked.amounts.push_back(amount);
      entries.push_back(EntryOfRecognition(EntryKind::kRecognition, ids_.Next(), now, zone.time_zone, day,
                                           amount.currency, amount.minor));
    }
    booked.count = 1;
    RETURN_IF_ERROR(AddEntries(database_, entries));
    return database_
        .Query("UPDATE recognition_zone SET through_day = $2, next_at = $3 WHERE time_zone = $1",
               zone.time_zone, day, core::NextDueAt(ZoneOrUtc(zone.time_zone), day))
        .status();
  }));
  return booked;
}

}  // namespace perennial::billing
