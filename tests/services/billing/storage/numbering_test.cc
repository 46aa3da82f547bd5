#include <atomic>
#include <thread>

#include "libs/base/status_macros.h"
#include "services/billing/app/series_audit.h"
#include "services/billing/storage/postgres_series_store.h"
#include "tests/services/billing/support.h"

namespace perennial::billing {
namespace {

constexpr int kThreads = 16;
constexpr int kOrdersPerThread = 24;

}  // namespace

TEST_CASE("16 issuers at once, some of whom roll back, leave numbers without gaps in the order of time") {
  BillingFixture billing(kThreads);
  std::vector<std::vector<NewProForma>> orders(kThreads);
  for (auto& of_thread : orders) {
    for (int i = 0; i < kOrdersPerThread; ++i) {
      of_thread.push_back(billing.OrderOf(billing.ids.Next()));
      REQUIRE_OK(billing.invoicing.CreateProForma(of_thread.back()));
    }
  }
  std::atomic<int> rolled_back{0};
  std::atomic<int> failed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      TimedIdSource ids;
      for (int i = 0; i < kOrdersPerThread; ++i) {
        const Payment payment{ids.Next(), ""};
        const OrderId& order = orders[t][i].order;
        // Every third attempt dies after its number was taken, and is repeated.
        if (i % 3 == 0) {
          const absl::Status died = billing.postgres.database().Transact([&]() -> absl::Status {
            RETURN_IF_ERROR(billing.invoicing.IssueInvoice(order, payment).status());
            return absl::CancelledError("died");
          });
          if (died.code() == absl::StatusCode::kCancelled) ++rolled_back;
        }
        if (!billing.invoicing.IssueInvoice(order, payment).ok()) ++failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  constexpr int kAll = kThreads * kOrdersPerThread;
  CHECK(failed == 0);
  CHECK(rolled_back == kAll / 3);
  CHECK(billing.Count("SELECT count(*) FROM invoice") == kAll);
  CHECK(billing.Count("SELECT max(sequence_number) AS count FROM invoice") == kAll);
  CHECK(billing.Count("SELECT count(DISTINCT sequence_number) FROM invoice") == kAll);
  CHECK(billing.Count("SELECT count(DISTINCT document_id) FROM journal_entry") == kAll);
  CHECK(billing.Count("SELECT count(*) FROM outbox") == kAll);
  PostgresSeriesStore store(billing.postgres.database());
  SeriesAudit audit(store);
  const auto series = audit.List("", 2);
  REQUIRE_OK(series);
  REQUIRE(series->size() == 1);
  const auto verified = audit.Verify((*series)[0].name, {}, kAll + 1);
  REQUIRE_OK(verified);
  CHECK(!verified->fault);
  CHECK(verified->place.sequence_number == kAll);
}

TEST_CASE("Two issuers of one order make one invoice") {
  BillingFixture billing(kThreads);
  const NewProForma order = billing.OrderOf(billing.ids.Next());
  REQUIRE_OK(billing.invoicing.CreateProForma(order));
  const Payment payment{billing.ids.Next(), ""};
  std::atomic<int> succeeded{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] { succeeded += billing.invoicing.IssueInvoice(order.order, payment).ok(); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(succeeded == kThreads);
  CHECK(billing.Count("SELECT count(*) FROM invoice") == 1);
}

TEST_CASE("Refunds at once never credit more than was invoiced") {
  BillingFixture billing(kThreads);
  const core::Document invoice = billing.Invoice(billing.ids.Next());  // 120.00
  std::vector<NewCreditNote> refunds;
  for (int t = 0; t < kThreads; ++t) refunds.push_back(billing.CreditFor(invoice, 1'000));
  std::atomic<int> succeeded{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] { succeeded += billing.invoicing.CreateCreditNote(refunds[t]).ok(); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(succeeded == 12);
  CHECK(billing.Count("SELECT sum(total_minor)::bigint AS count FROM invoice WHERE kind = 'credit_note'") ==
        12'000);
}

TEST_CASE("Numbers never run against time, even if a clock does") {
  BillingFixture billing;
  const Uuid account = billing.ids.Next();
  const core::Document first = billing.Invoice(account);
  billing.clock.Advance(-absl::Hours(5));
  const core::Document second = billing.Invoice(account);
  CHECK(second.sequence_number == first.sequence_number + 1);
  CHECK(second.issue_time == first.issue_time);
}

}  // namespace perennial::billing
