#include <cstdio>
#include <memory>

#include "libs/base/status_macros.h"
#include "libs/process/process.h"
#include "services/billing/app/billing_profiles.h"
#include "services/billing/app/books.h"
#include "services/billing/app/invoices.h"
#include "services/billing/app/invoicing.h"
#include "services/billing/app/recognition.h"
#include "services/billing/app/series_audit.h"
#include "services/billing/config.h"
#include "services/billing/gateways/cairo_invoice_writer.h"
#include "services/billing/gateways/simulated_tax_id_registry.h"
#include "services/billing/gateways/ubl_invoice_writer.h"
#include "services/billing/gateways/vies_registry.h"
#include "services/billing/metrics.h"
#include "services/billing/rpc/billing_profile_handler.h"
#include "services/billing/rpc/invoice_handler.h"
#include "services/billing/rpc/invoice_series_handler.h"
#include "services/billing/rpc/invoicing_handler.h"
#include "services/billing/rpc/ledger_handler.h"
#include "services/billing/rpc/personal_data_handler.h"
#include "services/billing/storage/postgres_billing_profile_store.h"
#include "services/billing/storage/postgres_invoice_store.h"
#include "services/billing/storage/postgres_ledger_store.h"
#include "services/billing/storage/postgres_recognition_store.h"
#include "services/billing/storage/postgres_series_store.h"

int main() {
  using namespace perennial;
  using namespace perennial::billing;
  Environment environment;
  const absl::StatusOr<Config> read = ReadConfig(environment);
  if (!read.ok()) {
    std::fprintf(stderr, "perennial-billing:\n%s\n", std::string(read.status().message()).c_str());
    return 2;
  }
  const Config& config = *read;
  Process process(config.process);

  PostgresBillingProfileStore profile_store(process.database(), process.secret_key());
  PostgresInvoiceStore invoice_store(process.database(), process.outbox(), process.secret_key());
  PostgresLedgerStore ledger_store(process.database());
  PostgresSeriesStore series_store(process.database());

  DocumentMetrics metrics(process.metrics());
  const auto registry = config.vies_url.empty()
                            ? std::unique_ptr<TaxIdRegistry>(std::make_unique<SimulatedTaxIdRegistry>())
                            : std::make_unique<ViesRegistry>(config.vies_url, config.seller.party.tax_id);
  CountedTaxIdRegistry counted_registry(*registry, process.metrics());
  BillingProfiles profiles(profile_store, counted_registry, process.clock());
  const CairoInvoiceWriter pdf_writer;
  const UblInvoiceWriter ubl_writer;
  Invoices invoices(invoice_store, pdf_writer, ubl_writer);
  Invoicing invoicing(invoice_store, profile_store, process.clock(), process.ids(), config.seller,
                      [&metrics](const core::Document& document) { metrics.Count(document); });
  Books books(ledger_store, process.clock());
  SeriesAudit series_audit(series_store);

  PostgresRecognitionStore recognition_store(process.database(), process.ids());
  RecognitionMetrics recognition_metrics(process.metrics());
  Recognition recognition(recognition_store, process.clock(),
                          [&](const Money& recognised) { recognition_metrics.Count(recognised); });
  LedgerMetrics ledger_metrics(process.metrics());
  process.AddJob({"close_ledger_days", absl::Minutes(1), [&] { return books.CloseDue(); }});
  process.AddJob({"show_ledger", absl::Minutes(1), [&]() -> absl::StatusOr<int> {
                    ASSIGN_OR_RETURN(const auto balances, books.TrialBalance(books.Now()));
                    ledger_metrics.Show(balances);
                    return 0;
                  }});
  process.AddJob({"recognise_revenue", absl::Seconds(10), [&] { return recognition.RunOnce(); }});

  process.AddJob({"tax_id_checks", absl::Minutes(1), [&] { return profiles.RunOnce(); }});

  process.Serve(MakeBillingProfileService(profiles));
  process.Serve(MakeInvoiceService(invoices, process.page_tokens()));
  process.Serve(MakeInvoicingService(invoicing));
  process.Serve(MakeInvoiceSeriesService(series_audit, process.page_tokens()));
  process.Serve(MakeLedgerService(books, process.page_tokens()));
  process.Serve(MakePersonalDataService(profiles, invoices));

  process.Consume("account", [&](const Event& event) -> absl::Status {
    if (event.type != "account.deleted") return absl::OkStatus();
    RETURN_IF_ERROR(profiles.Forget(event.account_id));
    return process.ForgetAccount(event.account_id);
  });
  return process.Run();
}
