#pragma once

#include "libs/base/money.h"
#include "libs/pg/database.h"
#include "libs/telemetry/metrics.h"
#include "services/billing/app/ports.h"
#include "services/billing/app/reconciliation_ports.h"
#include "services/billing/core/document.h"

namespace perennial::billing {

// Counts what the register answers.
class CountedTaxIdRegistry final : public TaxIdRegistry {
 public:
  CountedTaxIdRegistry(TaxIdRegistry& registry, telemetry::Metrics& metrics);
  core::TaxIdAnswer Ask(const std::string& tax_id) override;

 private:
  TaxIdRegistry& registry_;
  telemetry::Counter& registered_;
  telemetry::Counter& not_registered_;
  telemetry::Counter& no_answer_;
};

// The business counters of this process. A document counts once its transaction is committed.
class DocumentMetrics {
 public:
  DocumentMetrics(telemetry::Metrics& metrics, pg::Database& database);
  void Issued(const core::Document& document);

 private:
  void Count(core::DocumentKind kind, const Money& total);
  telemetry::Counter& Invoiced(const std::string& currency);
  telemetry::Counter& Refunded(const std::string& currency);

  telemetry::Metrics& metrics_;
  pg::Database& database_;
  telemetry::Counter& invoices_issued_;
  telemetry::Counter& credit_notes_issued_;
};

// The ledger's balances, as of now.
class LedgerMetrics {
 public:
  explicit LedgerMetrics(telemetry::Metrics& metrics);
  void Show(const std::vector<LedgerBalance>& balances);

 private:
  telemetry::Gauge& Balance(const std::string& account, const std::string& currency);

  telemetry::Metrics& metrics_;
};

// How reconciliation stands, and writes to the log when it must wait.
class ReconciliationMetrics {
 public:
  explicit ReconciliationMetrics(telemetry::Metrics& metrics);
  void Show(const ReconciliationReport& report, absl::Time now);

 private:
  telemetry::Gauge& Differences(core::DifferenceKind kind);

  telemetry::Metrics& metrics_;
  telemetry::Gauge& oldest_unsettled_;
  telemetry::Gauge& last_success_;
};
void LogAway(const absl::Status& why);

// What became income.
class RecognitionMetrics {
 public:
  explicit RecognitionMetrics(telemetry::Metrics& metrics);
  void Count(const Money& recognised);

 private:
  telemetry::Counter& Recognised(const std::string& currency);

  telemetry::Metrics& metrics_;
};

}  // namespace perennial::billing
