#include "services/domain_mailbox/storage/postgres_work_queue.h"

#include "libs/base/status_macros.h"
#include "services/domain_mailbox/storage/columns.h"

namespace perennial::domain_mailbox {

PostgresWorkQueue::PostgresWorkQueue(pg::Database& database, telemetry::Metrics& metrics)
    : database_(database),
      open_(metrics.GaugeOf("perennial_deliveries_open", "Deliveries that were paid and have no end yet.")),
      oldest_open_seconds_(
          metrics.GaugeOf("perennial_deliveries_oldest_open_seconds",
                          "Age of the oldest delivery without an end; 0 when there is none.")) {}

absl::StatusOr<std::vector<Uuid>> PostgresWorkQueue::Claim(const Uuid& holder, absl::Time now,
                                                           absl::Time until, int limit) {
  std::vector<Uuid> claimed;
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    claimed.clear();
    // Finding what is due reads three small indexes, whatever else there is.
    ASSIGN_OR_RETURN(
        const pg::Rows rows,
        database_.Query(
            "WITH due AS ("
            "(SELECT product_id, next_attempt_at AS due_at FROM delivery WHERE next_attempt_at <= $1 "
            "AND NOT EXISTS (SELECT 1 FROM hold WHERE hold.product_id = delivery.product_id AND held_until > "
            "$1) "
            "ORDER BY next_attempt_at LIMIT $4) UNION ALL "
            "(SELECT id, upkeep_at FROM domain WHERE upkeep_at <= $1 "
            "AND NOT EXISTS (SELECT 1 FROM hold WHERE hold.product_id = domain.id AND held_until > $1) "
            "ORDER BY upkeep_at LIMIT $4) UNION ALL "
            "(SELECT id, upkeep_at FROM mailbox WHERE upkeep_at <= $1 "
            "AND NOT EXISTS (SELECT 1 FROM hold WHERE hold.product_id = mailbox.id AND held_until > $1) "
            "ORDER BY upkeep_at LIMIT $4)) "
            "INSERT INTO hold (product_id, holder, held_until) "
            "SELECT product_id, $2::uuid, $3::timestamptz FROM due GROUP BY product_id "
            "ORDER BY min(due_at), product_id LIMIT $4 "
            "ON CONFLICT (product_id) DO UPDATE SET holder = excluded.holder, held_until = "
            "excluded.held_until "
            "WHERE hold.held_until <= $1 RETURNING product_id",
            now, holder, until, limit));
    for (const pg::Row row : rows) claimed.push_back(row.Get<Uuid>("product_id"));
    return absl::OkStatus();
  }));
  return claimed;
}

absl::StatusOr<bool> PostgresWorkQueue::ClaimOne(const Uuid& product_id, const Uuid& holder, absl::Time now,
                                                 absl::Time until) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query(
          "INSERT INTO hold (product_id, holder, held_until) VALUES ($1, $2, $3) "
          "ON CONFLICT (product_id) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until "
          "WHERE hold.held_until <= $4",
          product_id, holder, until, now));
  return rows.affected() == 1;
}

absl::Status PostgresWorkQueue::Release(const Uuid& product_id, const Uuid& holder) {
  return database_.Query("DELETE FROM hold WHERE product_id = $1 AND holder = $2", product_id, holder)
      .status();
}

absl::StatusOr<std::vector<core::Delivery>> PostgresWorkQueue::DueDeliveries(const Uuid& product_id,
                                                                             absl::Time now) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query(
          "SELECT order_id, product_id, account_id, kind, domain_name, years, expected_paid_through, "
          "restore, domain_id, local_part, quota_mib, paid_through, time_zone, state, rejection, "
          "pending_reference, attempt_count, next_attempt_at, created_at, updated_at FROM delivery "
          "WHERE product_id = $1 AND next_attempt_at <= $2 ORDER BY created_at, order_id",
          product_id, now));
  std::vector<core::Delivery> due;
  for (const pg::Row row : rows) due.push_back(ToDelivery(row));
  return due;
}

absl::StatusOr<int> PostgresWorkQueue::Measure(absl::Time now) {
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database_.Query("SELECT count(*) AS open, min(created_at) AS oldest FROM delivery "
                                   "WHERE next_attempt_at IS NOT NULL"));
  open_.Set(static_cast<double>(rows[0].Get<int64_t>("open")));
  const auto oldest = rows[0].Get<std::optional<absl::Time>>("oldest");
  oldest_open_seconds_.Set(oldest ? absl::ToDoubleSeconds(now - *oldest) : 0);
  return 0;
}

DeliveryCounters::DeliveryCounters(telemetry::Metrics& metrics, pg::Database& database)
    : metrics_(metrics),
      database_(database),
      upkeep_failures_(
          metrics.CounterOf("perennial_domain_mailbox_upkeep_failures_total",
                            "Times a back end did not do what a domain's or mailbox's state asks for.")),
      missing_names_(
          metrics.CounterOf("perennial_domain_mailbox_missing_names_total",
                            "Times the registry said that a name customers paid for is not ours; after three "
                            "days of it the name is given up.")) {
  // All from the start, or the first one would be invisible to rate().
  for (const char* kind : {"register_domain", "renew_domain", "create_mailbox", "renew_mailbox"}) {
    for (const char* state : {"done", "pending", "rejected", "retryable", "unknown"}) CounterOf(kind, state);
  }
}

telemetry::Counter& DeliveryCounters::CounterOf(const std::string& kind, const std::string& state) {
  return metrics_.CounterOf("perennial_deliveries_total",
                            "Answers of back ends to deliveries, by what they came to.",
                            {{"kind", kind}, {"state", state}});
}

void DeliveryCounters::Count(const core::Task& task, core::DeliveryState state) {
  database_.AfterCommit([this, kind = KindOf(task), state] { CounterOf(kind, ToText(state)).Add(); });
}

}  // namespace perennial::domain_mailbox
