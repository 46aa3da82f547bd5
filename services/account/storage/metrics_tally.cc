#include "services/account/storage/metrics_tally.h"

namespace perennial::account {

MetricsTally::MetricsTally(telemetry::Metrics& metrics) {
  for (core::AccessAct act : core::kAllAccessActs) {
    for (core::AccessOutcome outcome : core::kAllAccessOutcomes) {
      acts_[{act, outcome}] = &metrics.CounterOf(
          "perennial_account_acts_total", "Sign-in attempts and security-relevant acts, by outcome.",
          {{"act", core::NameOf(act)}, {"outcome", core::NameOf(outcome)}});
    }
  }
  for (core::NoticeKind kind : core::kAllNoticeKinds) {
    notices_[kind] = &metrics.CounterOf("perennial_account_notices_total", "Notices made for customers.",
                                        {{"kind", core::NameOf(kind)}});
  }
}

void MetricsTally::CountAct(core::AccessAct act, core::AccessOutcome outcome) {
  acts_.at({act, outcome})->Add();
}

void MetricsTally::CountNotice(core::NoticeKind kind) {
  notices_.at(kind)->Add();
}

}  // namespace perennial::account
