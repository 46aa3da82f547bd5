#include <cstdio>
#include <functional>
#include <memory>

#include "libs/base/call_scope.h"
#include "libs/base/status_macros.h"
#include "libs/process/process.h"
#include "services/billing/app/billing_profiles.h"
#include "services/billing/app/books.h"
#include "services/billing/app/invoices.h"
#include "services/billing/app/invoicing.h"
#include "services/billing/app/recognition.h"
#include "services/billing/app/reconciliation.h"
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
#include "services/billing/rpc/money_books_client.h"
#include "services/billing/rpc/order_books_client.h"
#include "services/billing/rpc/personal_data_handler.h"
#include "services/billing/rpc/reconciliation_handler.h"
#include "services/billing/storage/postgres_billing_profile_store.h"
#include "services/billing/storage/postgres_invoice_store.h"
#include "services/billing/storage/postgres_ledger_store.h"
#include "services/billing/storage/postgres_recognition_store.h"
#include "services/billing/storage/postgres_reconciliation_store.h"
#include "services/billing/storage/postgres_series_store.h"

namespace perennial::billing {
namespace {

// Time that a last round surely needs.
constexpr absl::Duration kRoomForOneMore = absl::Seconds(20);

// Repeats `once` until nothing is due, as far as a batch's time allows. What these jobs do nobody has to
// follow up, so it counts only while more is due: a moved test clock comes to rest without another round of
// all services.
absl::StatusOr<int> WorkOff(const std::function<absl::StatusOr<int>()>& once) {
  while (true) {
    ASSIGN_OR_RETURN(const int done, once());
    const CallScope* scope = CallScope::Current();
    if (done == 0 || (scope != nullptr && scope->TimeLeft() < kRoomForOneMore)) return done;
  }
}

// What recognises revenue, keeps balances at hand, and compares the books with those of the others.
struct BookKeeping {
  BookKeeping(const Config& config, Process& process, Books& with)
      : books(with),
        payment_token(process.Connect(config.payment_token_target)),
        subscription(process.Connect(config.subscription_target)),
        money_books(*payment_token),
        order_books(*subscription),
        recognition_store(process.database(), process.ids()),
        reconciliation_store(process.database(), process.ids()),
        ledger_metrics(process.metrics()),
        recognition_metrics(process.metrics()),
        reconciliation_metrics(process.metrics()),
        recognition(recognition_store, process.clock(),
                    [this](const Money& recognised) { recognition_metrics.Count(recognised); }),
        reconciliation(reconciliation_store, money_books, order_books, process.clock(), LogAway) {}

  void AddTo(Process& process) {
    process.Serve(MakeReconciliationService(reconciliation, process.page_tokens()));
    process.AddJob({"recognise_revenue", absl::Seconds(10),
                    [this] { return WorkOff([this] { return recognition.RunOnce(); }); }});
    process.AddJob({"close_ledger_days", absl::Minutes(1),
                    [this] { return WorkOff([this] { return books.CloseDue(); }); }});
    process.AddJob({"reconcile", absl::Seconds(30),
                    [this] { return WorkOff([this] { return reconciliation.RunOnce(); }); }});
    process.AddJob({"show_books", absl::Minutes(1), [this] { return Show(); }});
  }

  absl::StatusOr<int> Show() {
    ASSIGN_OR_RETURN(const auto balances, books.TrialBalance(books.Now()));
    ledger_metrics.Show(balances);
    ASSIGN_OR_RETURN(const ReconciliationReport report, reconciliation.Report());
    reconciliation_metrics.Show(report, books.Now());
    return 0;
  }

  Books& books;
  std::unique_ptr<rpc::Peer> payment_token, subscription;
  MoneyBooksClient money_books;
  OrderBooksClient order_books;
  PostgresRecognitionStore recognition_store;
  PostgresReconciliationStore reconciliation_store;
  LedgerMetrics ledger_metrics;
  RecognitionMetrics recognition_metrics;
  ReconciliationMetrics reconciliation_metrics;
  Recognition recognition;
  Reconciliation reconciliation;
};

}  // namespace
}  // namespace perennial::billing

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

  PostgresBillingProfileStore profile_store(process.database(), process.outbox(), process.secret_key());
  PostgresInvoiceStore invoice_store(process.database(), process.outbox(), process.secret_key());
  PostgresLedgerStore ledger_store(process.database());
  PostgresSeriesStore series_store(process.database());

  DocumentMetrics metrics(process.metrics(), process.database());
  const auto registry = config.vies_url.empty()
                            ? std::unique_ptr<TaxIdRegistry>(std::make_unique<SimulatedTaxIdRegistry>())
                            : std::make_unique<ViesRegistry>(config.vies_url, config.seller.party.tax_id);
  CountedTaxIdRegistry counted_registry(*registry, process.metrics());
  BillingProfiles profiles(profile_store, counted_registry, process.clock());
  const CairoInvoiceWriter pdf_writer;
  const UblInvoiceWriter ubl_writer;
  Invoices invoices(invoice_store, pdf_writer, ubl_writer);
  Invoicing invoicing(invoice_store, profile_store, process.clock(), process.ids(), config.seller,
                      [&metrics](const core::Document& document) { metrics.Issued(document); });
  Books books(ledger_store, process.clock());
  SeriesAudit series_audit(series_store);

  BookKeeping book_keeping(config, process, books);
  book_keeping.AddTo(process);

  process.AddJob({"tax_id_checks", absl::Minutes(1), [&] { return profiles.RunOnce(); }});

  process.Serve(MakeBillingProfileService(profiles));
  process.Serve(MakeInvoiceService(invoices, process.page_tokens()));
  process.Serve(MakeInvoicingService(invoicing));
  process.Serve(MakeInvoiceSeriesService(series_audit, process.page_tokens()));
  process.Serve(MakeLedgerService(books, process.page_tokens()));
  process.Serve(MakePersonalDataService(profiles, invoices));

  process.Consume("account", events::OnlyOf({"account.deleted"}),
                  events::OneByOne([&](const Event& event) -> absl::Status {
                    RETURN_IF_ERROR(profiles.Forget(event.account_id));
                    return process.ForgetAccount(event.account_id);
                  }));
  return process.Run();
}
