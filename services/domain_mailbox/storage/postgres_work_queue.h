#pragma once

#include "libs/base/clock.h"
#include "libs/pg/database.h"
#include "libs/telemetry/metrics.h"
#include "services/domain_mailbox/app/ports.h"

namespace perennial::domain_mailbox {

class PostgresWorkQueue final : public WorkQueue {
 public:
  PostgresWorkQueue(pg::Database& database, telemetry::Metrics& metrics);

  absl::StatusOr<std::vector<Uuid>> Claim(const Uuid& holder, absl::Time now, absl::Time until,
                                          int limit) override;
  absl::StatusOr<bool> ClaimOne(const Uuid& product_id, const Uuid& holder, absl::Time now,
                                absl::Time until) override;
  absl::Status Release(const Uuid& product_id, const Uuid& holder) override;
  absl::StatusOr<std::vector<core::Delivery>> DueDeliveries(const Uuid& product_id, absl::Time now) override;

  // Sets the gauges of what is open. Returns 0: nothing was due.
  absl::StatusOr<int> Measure(absl::Time now);

 private:
  pg::Database& database_;
  telemetry::Gauge& open_;
  telemetry::Gauge& oldest_open_seconds_;
};

// perennial_deliveries_total{kind,state}: each time a delivery reaches a state, once that is committed.
class DeliveryCounters final : public DeliveryMeter {
 public:
  DeliveryCounters(telemetry::Metrics& metrics, pg::Database& database);
  void Count(const core::Task& task, core::DeliveryState state) override;
  void CountUpkeepFailure() override { upkeep_failures_.Add(); }
  void CountMissingName() override { missing_names_.Add(); }

 private:
  telemetry::Counter& CounterOf(const std::string& kind, const std::string& state);

  telemetry::Metrics& metrics_;
  pg::Database& database_;
  telemetry::Counter& upkeep_failures_;
  telemetry::Counter& missing_names_;
};

}  // namespace perennial::domain_mailbox
