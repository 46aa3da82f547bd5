#pragma once

#include <map>
#include <utility>

#include "libs/telemetry/metrics.h"
#include "services/account/app/ports.h"

namespace perennial::account {

// perennial_account_acts_total{act,outcome} and perennial_account_notices_total{kind}.
class MetricsTally final : public Tally {
 public:
  explicit MetricsTally(telemetry::Metrics& metrics);
  void CountAct(core::AccessAct act, core::AccessOutcome outcome) override;
  void CountNotice(core::NoticeKind kind) override;

 private:
  std::map<std::pair<core::AccessAct, core::AccessOutcome>, telemetry::Counter*> acts_;
  std::map<core::NoticeKind, telemetry::Counter*> notices_;
};

}  // namespace perennial::account
