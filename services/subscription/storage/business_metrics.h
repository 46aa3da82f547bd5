#pragma once

#include <map>
#include <utility>

#include "libs/base/clock.h"
#include "libs/pg/database.h"
#include "libs/telemetry/metrics.h"
#include "services/subscription/app/ports.h"

namespace perennial::subscription {

// The state of orders and renewals, for SREs. All series exist from the start.
class BusinessMetrics final : public Meter {
 public:
  BusinessMetrics(pg::Database& database, telemetry::Metrics& metrics, const core::DunningPolicy& policy,
                  const Clock& clock);

  void OrderEnded(core::OrderKind kind, core::OrderState state) override;
  void RenewalAttempted(core::AttemptState outcome, int rung) override;
  void Trouble(const std::string& what, const Uuid& id, const std::string& detail) override;

  // Job: sets the gauges. Always 0: looking is not doing.
  absl::StatusOr<int> Measure();

 private:
  pg::Database& database_;
  const Clock& clock_;
  std::map<std::pair<core::OrderKind, core::OrderState>, telemetry::Counter*> orders_;
  std::map<core::AttemptState, telemetry::Counter*> attempts_;
  std::map<std::pair<int, core::AttemptState>, telemetry::Counter*> rungs_;
  telemetry::Gauge& renewals_due_;
  telemetry::Gauge& orders_open_;
  telemetry::Gauge& orders_past_due_;
  telemetry::Gauge& oldest_age_;
  telemetry::Counter& trouble_;
};

}  // namespace perennial::subscription
