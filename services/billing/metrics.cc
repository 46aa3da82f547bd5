#include "services/billing/metrics.h"

#include <algorithm>

#include "libs/telemetry/log.h"

namespace perennial::billing {
namespace {

// The catalogue's, from the start, or their first euro would be invisible to rate().
constexpr const char* kCurrencies[] = {"EUR", "USD"};

telemetry::Counter& Checks(telemetry::Metrics& metrics, const std::string& outcome) {
  return metrics.CounterOf("perennial_tax_id_checks_total", "Tax ids that VIES was asked about.",
                           {{"outcome", outcome}});
}

}  // namespace

CountedTaxIdRegistry::CountedTaxIdRegistry(TaxIdRegistry& registry, telemetry::Metrics& metrics)
    : registry_(registry),
      registered_(Checks(metrics, "registered")),
      not_registered_(Checks(metrics, "not_registered")),
      no_answer_(Checks(metrics, "no_answer")) {}

core::TaxIdAnswer CountedTaxIdRegistry::Ask(const std::string& tax_id) {
  core::TaxIdAnswer answer = registry_.Ask(tax_id);
  const bool is_known = answer.state == core::TaxIdState::kVerified;
  (answer.state == core::TaxIdState::kUnverified ? no_answer_
   : is_known                                    ? registered_
                                                 : not_registered_)
      .Add();
  return answer;
}

DocumentMetrics::DocumentMetrics(telemetry::Metrics& metrics, pg::Database& database)
    : metrics_(metrics),
      database_(database),
      invoices_issued_(metrics.CounterOf("perennial_invoices_issued_total", "Invoices that got a number.")),
      credit_notes_issued_(
          metrics.CounterOf("perennial_credit_notes_issued_total", "Credit notes that got a number.")) {
  for (const char* currency : kCurrencies) {
    Invoiced(currency);
    Refunded(currency);
  }
}

void DocumentMetrics::Issued(const core::Document& document) {
  database_.AfterCommit(
      [this, kind = document.kind, total = Money{document.bill.currency, document.bill.total_minor}] {
        Count(kind, total);
      });
}

void DocumentMetrics::Count(core::DocumentKind kind, const Money& total) {
  const auto minor = static_cast<double>(total.minor);
  switch (kind) {
    case core::DocumentKind::kInvoice:
      invoices_issued_.Add();
      Invoiced(total.currency).Add(minor);
      return;
    case core::DocumentKind::kCreditNote:
      credit_notes_issued_.Add();
      Refunded(total.currency).Add(minor);
      return;
  }
}

telemetry::Counter& DocumentMetrics::Invoiced(const std::string& currency) {
  return metrics_.CounterOf("perennial_money_invoiced_minor_units_total",
                            "Invoiced totals, tax included, in the currency's minor unit.",
                            {{"currency", currency}});
}

telemetry::Counter& DocumentMetrics::Refunded(const std::string& currency) {
  return metrics_.CounterOf("perennial_money_refunded_minor_units_total",
                            "Credited totals, tax included, in the currency's minor unit.",
                            {{"currency", currency}});
}

LedgerMetrics::LedgerMetrics(telemetry::Metrics& metrics) : metrics_(metrics) {
  for (const core::LedgerAccount account : core::kLedgerAccounts) {
    for (const char* currency : kCurrencies) Balance(std::string(core::NameOf(account)), currency);
  }
}

void LedgerMetrics::Show(const std::vector<LedgerBalance>& balances) {
  for (const LedgerBalance& each : balances) {
    Balance(std::string(core::NameOf(each.account)), each.currency)
        .Set(static_cast<double>(each.debit_minor - each.credit_minor));
  }
}

telemetry::Gauge& LedgerMetrics::Balance(const std::string& account, const std::string& currency) {
  return metrics_.GaugeOf("perennial_ledger_balance_minor_units",
                          "Debit less credit of a ledger account, in the currency's minor unit.",
                          {{"ledger_account", account}, {"currency", currency}});
}

ReconciliationMetrics::ReconciliationMetrics(telemetry::Metrics& metrics)
    : metrics_(metrics),
      oldest_unsettled_(metrics.GaugeOf("perennial_reconciliation_oldest_unsettled_seconds",
                                        "Age of the oldest movement of money that is not known to agree.")),
      last_success_(metrics.GaugeOf("perennial_reconciliation_last_success_timestamp_seconds",
                                    "When all sides were last read and compared; 0: never.")) {
  for (const core::DifferenceKind kind : core::kDifferenceKinds) Differences(kind);
}

void ReconciliationMetrics::Show(const ReconciliationReport& report, absl::Time now) {
  for (const core::DifferenceKind kind : core::kDifferenceKinds) {
    const auto found = std::find_if(report.differences.begin(), report.differences.end(),
                                    [&](const auto& each) { return each.first == kind; });
    Differences(kind).Set(found == report.differences.end() ? 0 : static_cast<double>(found->second));
  }
  const absl::Duration age = report.oldest_unsettled ? now - *report.oldest_unsettled : absl::ZeroDuration();
  oldest_unsettled_.Set(absl::ToDoubleSeconds(age));
  if (report.last_success) last_success_.Set(absl::ToDoubleSeconds(*report.last_success - absl::UnixEpoch()));
}

telemetry::Gauge& ReconciliationMetrics::Differences(core::DifferenceKind kind) {
  return metrics_.GaugeOf("perennial_reconciliation_differences",
                          "What does not agree between gateway, payment_token, ledger and orders.",
                          {{"kind", std::string(NameOf(kind))}});
}

void LogAway(const absl::Status& why) {
  telemetry::Log(telemetry::Severity::kWarning, "reconciliation waits",
                 {{"why", std::string(why.message())}});
}

RecognitionMetrics::RecognitionMetrics(telemetry::Metrics& metrics) : metrics_(metrics) {
  for (const char* currency : kCurrencies) Recognised(currency);
}

void RecognitionMetrics::Count(const Money& recognised) {
  Recognised(recognised.currency).Add(static_cast<double>(recognised.minor));
}

telemetry::Counter& RecognitionMetrics::Recognised(const std::string& currency) {
  return metrics_.CounterOf("perennial_revenue_recognised_minor_units_total",
                            "Days of terms that became income, in the currency's minor unit.",
                            {{"currency", currency}});
}

}  // namespace perennial::billing
