#pragma once

#include "libs/pg/database.h"
#include "libs/telemetry/metrics.h"
#include "services/payment_token/app/ports.h"

namespace perennial::payment_token {

// perennial_charges_total, perennial_refunds_total, perennial_charges_unknown and
// perennial_money_captured_minor_units_total. What ended in a transaction counts once that is committed.
class ExportedPaymentMetrics final : public PaymentMetrics {
 public:
  ExportedPaymentMetrics(telemetry::Metrics& metrics, pg::Database& database);

  void ChargeEnded(const core::Charge& charge) override;
  void RefundEnded(const core::Refund& refund) override;
  void UnknownCharges(int64_t count) override;
  void CouldNotAsk(const Uuid& id, const absl::Status& why) override;

 private:
  telemetry::Counter& Charges(const std::string& outcome);
  telemetry::Counter& Refunds(const std::string& outcome);
  telemetry::Counter& Captured(const std::string& currency);

  telemetry::Metrics& metrics_;
  pg::Database& database_;
  telemetry::Gauge& unknown_;
};

}  // namespace perennial::payment_token
