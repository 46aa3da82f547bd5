#include "services/subscription/storage/business_metrics.h"

#include "libs/base/status_macros.h"
#include "libs/telemetry/log.h"
#include "services/subscription/storage/due_statements.h"
#include "services/subscription/storage/names.h"

namespace perennial::subscription {
namespace {

using core::AttemptState;
using core::OrderKind;
using core::OrderState;

std::string StateText(OrderState state) {
  switch (state) {
    case OrderState::kDone:
      return "done";
    case OrderState::kFailed:
      return "failed";
    case OrderState::kRefunded:
      return "refunded";
    case OrderState::kOpen:
    case OrderState::kAwaitingPayment:
    case OrderState::kPastDue:
    case OrderState::kPaid:
    case OrderState::kDelivering:
    case OrderState::kCompensating:
      break;
  }
  return "open";
}

}  // namespace

BusinessMetrics::BusinessMetrics(pg::Database& database, telemetry::Metrics& metrics,
                                 const core::DunningPolicy& policy, const Clock& clock)
    : database_(database),
      clock_(clock),
      renewals_due_(
          metrics.GaugeOf("perennial_renewals_due", "Renewals whose attempt is due and not begun.")),
      orders_open_(metrics.GaugeOf("perennial_orders_open", "Orders under way, without those that wait.")),
      orders_past_due_(
          metrics.GaugeOf("perennial_orders_past_due", "Renewals that wait for their next attempt.")),
      oldest_age_(metrics.GaugeOf(
          "perennial_orders_oldest_open_age_seconds",
          "Age of the oldest order under way and not being delivered; 0 when there is none.")),
      trouble_(metrics.CounterOf("perennial_order_trouble_total",
                                 "Orders and products that a person should look at.")) {
  for (const OrderKind kind :
       {OrderKind::kPurchase, OrderKind::kUpgrade, OrderKind::kRenewal, OrderKind::kAutomaticRenewal}) {
    for (const OrderState state : {OrderState::kDone, OrderState::kFailed, OrderState::kRefunded}) {
      orders_[{kind, state}] =
          &metrics.CounterOf("perennial_orders_total", "Orders that ended, by kind and state.",
                             {{"kind", ToText(kind)}, {"state", StateText(state)}});
    }
  }
  for (const AttemptState outcome : {AttemptState::kOpen, AttemptState::kSucceeded, AttemptState::kDeclined,
                                     AttemptState::kRequiresAction, AttemptState::kNoMethod}) {
    attempts_[outcome] =
        &metrics.CounterOf("perennial_renewal_attempts_total", "Attempts of automatic renewals, by outcome.",
                           {{"outcome", ToText(outcome)}});
    for (size_t rung = 0; rung < policy.soft_days.size(); ++rung) {
      rungs_[{static_cast<int>(rung), outcome}] = &metrics.CounterOf(
          "perennial_dunning_attempts_total", "Attempts of automatic renewals, by day of the ladder.",
          {{"day", std::to_string(policy.soft_days[rung])}, {"outcome", ToText(outcome)}});
    }
  }
}

void BusinessMetrics::OrderEnded(OrderKind kind, OrderState state) {
  if (const auto it = orders_.find({kind, state}); it != orders_.end()) it->second->Add();
}

void BusinessMetrics::RenewalAttempted(AttemptState outcome, int rung) {
  attempts_.at(outcome)->Add();
  if (const auto it = rungs_.find({rung, outcome}); it != rungs_.end()) it->second->Add();
}

void BusinessMetrics::Trouble(const std::string& what, const Uuid& id, const std::string& detail) {
  trouble_.Add();
  telemetry::Log(telemetry::Severity::kError, what, {{"id", id.ToString()}, {"detail", detail}});
}

absl::StatusOr<int> BusinessMetrics::Measure() {
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query(
          "SELECT (SELECT count(*) FROM products WHERE renew_at <= $1) + (SELECT count(*) FROM orders WHERE "
          "greatest(next_at, lease_until) <= $1 AND next_at IS NOT NULL AND standing <> 'held' AND kind = "
          "'automatic_renewal') AS due, "
          "(SELECT count(*) FROM orders WHERE standing IN ('running', 'held', 'leaving')) AS "
          "open, (SELECT count(*) FROM orders WHERE standing = 'waiting') AS past_due",
          now));
  ASSIGN_OR_RETURN(const pg::Rows age, database_.Query(kOldestOpen));
  const auto oldest = age[0].Get<std::optional<absl::Time>>("oldest");
  renewals_due_.Set(static_cast<double>(rows[0].Get<int64_t>("due")));
  orders_open_.Set(static_cast<double>(rows[0].Get<int64_t>("open")));
  orders_past_due_.Set(static_cast<double>(rows[0].Get<int64_t>("past_due")));
  oldest_age_.Set(oldest ? absl::ToDoubleSeconds(now - *oldest) : 0);
  return 0;
}

}  // namespace perennial::subscription
