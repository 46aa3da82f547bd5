#include "services/payment_token/metrics.h"

#include <string>

#include "libs/telemetry/log.h"

namespace perennial::payment_token {
namespace {

// Of final states only.
const char* OutcomeOf(const core::Charge& charge) {
  switch (charge.state) {
    case core::ChargeState::kSucceeded:
      return "succeeded";
    case core::ChargeState::kNoPaymentMethod:
      return "no_payment_method";
    case core::ChargeState::kDeclined:
      break;
    case core::ChargeState::kPending:
    case core::ChargeState::kRequiresAction:
    case core::ChargeState::kUnknown:
      return "open";
  }
  if (charge.retry_at) return "put_off";
  switch (charge.decline_class) {
    case core::DeclineClass::kHard:
      return "declined_hard";
    case core::DeclineClass::kCustomerAction:
      return "declined_customer_action";
    case core::DeclineClass::kNone:
    case core::DeclineClass::kSoft:
      return "declined_soft";
  }
  return "declined_soft";
}

}  // namespace

ExportedPaymentMetrics::ExportedPaymentMetrics(telemetry::Metrics& metrics, pg::Database& database)
    : metrics_(metrics),
      database_(database),
      unknown_(metrics.GaugeOf("perennial_charges_unknown",
                               "Charges that were sent and whose outcome is not known.")) {
  for (const char* outcome : {"succeeded", "declined_soft", "declined_hard", "declined_customer_action",
                              "no_payment_method", "put_off"}) {
    Charges(outcome);
  }
  for (const char* outcome : {"succeeded", "failed"}) Refunds(outcome);
  for (const char* currency : {"EUR", "USD"}) Captured(currency);
}

telemetry::Counter& ExportedPaymentMetrics::Charges(const std::string& outcome) {
  return metrics_.CounterOf("perennial_charges_total", "Charges that came to an end.",
                            {{"outcome", outcome}});
}

telemetry::Counter& ExportedPaymentMetrics::Refunds(const std::string& outcome) {
  return metrics_.CounterOf("perennial_refunds_total", "Refunds that came to an end.",
                            {{"outcome", outcome}});
}

telemetry::Counter& ExportedPaymentMetrics::Captured(const std::string& currency) {
  return metrics_.CounterOf("perennial_money_captured_minor_units_total", "Money captured at the gateway.",
                            {{"currency", currency}});
}

void ExportedPaymentMetrics::ChargeEnded(const core::Charge& charge) {
  const bool captured = charge.state == core::ChargeState::kSucceeded;
  database_.AfterCommit([this, outcome = OutcomeOf(charge), captured, amount = charge.request.amount] {
    Charges(outcome).Add();
    if (captured) Captured(amount.currency).Add(static_cast<double>(amount.minor));
  });
}

void ExportedPaymentMetrics::RefundEnded(const core::Refund& refund) {
  const char* outcome = refund.state == core::RefundState::kSucceeded ? "succeeded" : "failed";
  database_.AfterCommit([this, outcome] { Refunds(outcome).Add(); });
}

void ExportedPaymentMetrics::UnknownCharges(int64_t count) {
  unknown_.Set(static_cast<double>(count));
}

void ExportedPaymentMetrics::CouldNotAsk(const Uuid& id, const absl::Status& why) {
  telemetry::Log(telemetry::Severity::kError, "a charge or refund cannot be gone on with",
                 {{"id", id.ToString()}, {"why", std::string(why.message())}});
}

}  // namespace perennial::payment_token
