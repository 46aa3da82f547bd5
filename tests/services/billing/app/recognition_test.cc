#include "services/billing/app/recognition.h"

#include <atomic>
#include <map>
#include <random>
#include <thread>

#include "tests/services/billing/support.h"

// Days of terms become income, each once, whatever happens in between.
namespace perennial::billing {
namespace {

using core::LedgerAccount;

struct Term {
  int64_t net_minor;
  CivilDate start;
  CivilDate end;
  std::string time_zone = "Europe/Paris";
  std::string currency = "EUR";
};

core::Document InvoiceOf(BillingFixture& billing, const std::vector<Term>& terms) {
  NewProForma order = billing.OrderOf(billing.ids.Next());
  order.time_zone = terms[0].time_zone;
  order.lines.clear();
  for (const Term& term : terms) {
    order.lines.push_back(
        {"Gold", billing.ids.Next(), term.start, term.end, {term.currency, term.net_minor}});
  }
  REQUIRE_OK(billing.invoicing.CreateProForma(order));
  const auto invoice = billing.invoicing.IssueInvoice(order.order, {billing.ids.Next(), ""});
  REQUIRE_OK(invoice);
  return *invoice;
}

core::Document InvoiceOf(BillingFixture& billing, const Term& term) {
  return InvoiceOf(billing, std::vector<Term>{term});
}

int Settle(BillingFixture& billing) {
  int done = 0;
  while (true) {
    const auto step = billing.recognition.RunOnce();
    REQUIRE_OK(step);
    if (*step == 0) return done;
    done += *step;
  }
}

// Debit less credit, of one currency.
int64_t BalanceOf(BillingFixture& billing, LedgerAccount account, const std::string& currency = "EUR") {
  const auto balances = billing.ledger.TrialBalance(billing.clock.Now() + absl::Seconds(1));
  REQUIRE_OK(balances);
  int64_t balance = 0;
  for (const LedgerBalance& each : *balances) {
    if (each.account == account && each.currency == currency) balance += each.debit_minor - each.credit_minor;
  }
  return balance;
}

std::vector<std::string> DaysBooked(BillingFixture& billing) {
  const auto rows = billing.postgres.database().Query(
      "SELECT time_zone || day::text || currency || amounts_minor::text AS text FROM journal_entry "
      "WHERE kind = 'recognition' ORDER BY 1");
  REQUIRE_OK(rows);
  std::vector<std::string> days;
  for (const pg::Row row : *rows) days.push_back(row.Get<std::string>("text"));
  return days;
}

void AdvanceDays(BillingFixture& billing, int days) {
  billing.clock.Advance(absl::Hours(24) * days);
}

const CivilDate kToday(2027, 1, 15);  // of the fixture's clock

}  // namespace

TEST_CASE("A year's invoice becomes income a day at a time, and wholly") {
  BillingFixture billing;
  InvoiceOf(billing, {36'500, kToday, CivilDate(2028, 1, 15)});
  Settle(billing);
  CHECK(BalanceOf(billing, LedgerAccount::kRevenue) == 0);
  CHECK(BalanceOf(billing, LedgerAccount::kReceivable) == 0);
  for (int day = 1; day <= 3; ++day) {
    AdvanceDays(billing, 1);
    CHECK(Settle(billing) == 1);
    CHECK(Settle(billing) == 0);
    CHECK(BalanceOf(billing, LedgerAccount::kRevenue) == -100 * day);
    CHECK(BalanceOf(billing, LedgerAccount::kDeferredRevenue) == -36'500 + 100 * day);
  }
  AdvanceDays(billing, 400);
  Settle(billing);
  CHECK(BalanceOf(billing, LedgerAccount::kRevenue) == -36'500);
  CHECK(BalanceOf(billing, LedgerAccount::kDeferredRevenue) == 0);
}

TEST_CASE("One jump of 400 days books the same entries as 400 jumps of a day") {
  std::vector<std::vector<std::string>> books;
  for (const int step : {1, 400}) {
    BillingFixture billing;
    for (int64_t i = 0; i < 12; ++i) {
      const std::string zone = i % 3 == 0 ? "Pacific/Auckland" : "America/Los_Angeles";
      InvoiceOf(billing, {997 * i + 1, kToday + 3 * i, kToday + 3 * i + 1 + 31 * i, zone});
    }
    Settle(billing);
    for (int day = 0; day < 400; day += step) {
      AdvanceDays(billing, step);
      Settle(billing);
    }
    books.push_back(DaysBooked(billing));
    CHECK(BalanceOf(billing, LedgerAccount::kDeferredRevenue) == 0);
  }
  CHECK(books[0].size() > 100);
  CHECK(books[0] == books[1]);
}

TEST_CASE("Days that were over before the invoice are income at once: a renewal after the expiry (R18)") {
  BillingFixture billing;
  InvoiceOf(billing, {36'500, kToday - 30, kToday + 335});
  CHECK(Settle(billing) == 1);
  CHECK(BalanceOf(billing, LedgerAccount::kRevenue) == -3'000);
  AdvanceDays(billing, 1);
  Settle(billing);
  CHECK(BalanceOf(billing, LedgerAccount::kRevenue) == -3'100);
}

TEST_CASE("A term that begins later costs nothing before it does") {
  BillingFixture billing;
  InvoiceOf(billing, {36'500, kToday + 14, kToday + 379});
  CHECK(billing.Count("SELECT count(*) FROM recognition_line WHERE taken_in") == 1);
  CHECK(Settle(billing) == 0);
  InvoiceOf(billing, {500, kToday, kToday + 5});  // makes the zone known
  Settle(billing);
  AdvanceDays(billing, 14);
  Settle(billing);
  CHECK(BalanceOf(billing, LedgerAccount::kRevenue) == -500);
  AdvanceDays(billing, 1);
  Settle(billing);
  CHECK(BalanceOf(billing, LedgerAccount::kRevenue) == -600);
}

TEST_CASE("An invoice that commits weeks after it was posted loses no day: who books one waits for it") {
  BillingFixture billing;
  InvoiceOf(billing, {500, kToday, kToday + 5});  // makes the zone known
  Settle(billing);
  std::atomic<bool> settled{false};
  std::thread worker;
  REQUIRE_OK(billing.postgres.database().Transact([&]() -> absl::Status {
    InvoiceOf(billing, {3'000, kToday + 10, kToday + 40});
    AdvanceDays(billing, 20);
    worker = std::thread([&] {
      while (billing.recognition.RunOnce().value_or(0) > 0) {
      }
      settled = true;
    });
    // It comes to the lock, or it is through all days without us.
    while (!settled &&
           billing.Count("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
                         "AND database = (SELECT oid FROM pg_database WHERE datname = "
                         "current_database())") == 0) {
      std::this_thread::yield();
    }
    return absl::OkStatus();
  }));
  worker.join();
  AdvanceDays(billing, 40);
  Settle(billing);
  CHECK(BalanceOf(billing, LedgerAccount::kRevenue) == -3'500);
  CHECK(BalanceOf(billing, LedgerAccount::kDeferredRevenue) == 0);
}

TEST_CASE("A day that is booked before a line is taken in is income of it once, late") {
  BillingFixture billing;
  InvoiceOf(billing, {36'500, kToday, CivilDate(2028, 1, 15)});
  AdvanceDays(billing, 1);
  // More new lines than a batch takes in, or one that came in between.
  const auto due = billing.recognition_store.ZoneDue(billing.clock.Now());
  REQUIRE_OK(due);
  REQUIRE(due->has_value());
  const auto booked = billing.recognition_store.BookNextDay(**due, billing.clock.Now());
  REQUIRE_OK(booked);
  CHECK(booked->amounts.empty());
  Settle(billing);
  CHECK(BalanceOf(billing, LedgerAccount::kRevenue) == -100);
  CHECK(BalanceOf(billing, LedgerAccount::kDeferredRevenue) == -36'400);
}

TEST_CASE("Days begin and end where the term is") {
  BillingFixture billing;  // 10:00 UTC: 23:00 of the same day in Auckland, 02:00 in Los Angeles
  InvoiceOf(billing, {1'000, kToday, kToday + 10, "Pacific/Auckland"});
  InvoiceOf(billing, {10, kToday, kToday + 10, "America/Los_Angeles"});
  Settle(billing);
  billing.clock.Advance(absl::Hours(1));
  Settle(billing);
  CHECK(BalanceOf(billing, LedgerAccount::kRevenue) == -100);
  billing.clock.Advance(absl::Hours(21) - absl::Seconds(1));
  CHECK(Settle(billing) == 0);
  billing.clock.Advance(absl::Seconds(1));
  CHECK(Settle(billing) == 1);
  CHECK(BalanceOf(billing, LedgerAccount::kRevenue) == -101);
}

TEST_CASE("Currencies of 0, 2 and 3 decimals are kept apart") {
  BillingFixture billing;
  for (const std::string currency : {"JPY", "EUR", "KWD"})
    InvoiceOf(billing, {1'001, kToday, kToday + 3, "UTC", currency});
  AdvanceDays(billing, 1);
  Settle(billing);
  for (const std::string currency : {"JPY", "EUR", "KWD"}) {
    CHECK(BalanceOf(billing, LedgerAccount::kRevenue, currency) == -334);
    CHECK(BalanceOf(billing, LedgerAccount::kReceivable, currency) == 0);
  }
}

TEST_CASE("A refund takes back what was income and what was deferred; a whole one leaves neither") {
  BillingFixture billing;
  const core::Document invoice =
      InvoiceOf(billing, {{36'500, kToday, kToday + 365}, {7'300, kToday + 100, kToday + 465}});
  AdvanceDays(billing, 10);
  Settle(billing);
  REQUIRE(BalanceOf(billing, LedgerAccount::kRevenue) == -1'000);
  // 40 % of it, tax and all.
  REQUIRE_OK(
      billing.invoicing.CreateCreditNote(billing.CreditFor(invoice, invoice.bill.total_minor * 2 / 5)));
  CHECK(BalanceOf(billing, LedgerAccount::kRefunds) == 400);
  CHECK(BalanceOf(billing, LedgerAccount::kDeferredRevenue) == -(43'800 * 3 / 5 - 600));
  AdvanceDays(billing, 1);
  Settle(billing);
  CHECK(BalanceOf(billing, LedgerAccount::kRevenue) == -1'060);
  REQUIRE_OK(billing.invoicing.CreateCreditNote(billing.CreditFor(invoice, std::nullopt)));
  CHECK(BalanceOf(billing, LedgerAccount::kRefunds) == 1'060);
  AdvanceDays(billing, 500);
  Settle(billing);
  for (const LedgerAccount account : {LedgerAccount::kDeferredRevenue, LedgerAccount::kTaxPayable,
                                      LedgerAccount::kReceivable, LedgerAccount::kCashAtGateway}) {
    CHECK(BalanceOf(billing, account) == 0);
  }
  CHECK(BalanceOf(billing, LedgerAccount::kRevenue) == -1'060);
}

TEST_CASE("A refund before its invoice is taken in finds nothing that was income") {
  BillingFixture billing;
  InvoiceOf(billing, {500, kToday, kToday + 5});
  Settle(billing);
  AdvanceDays(billing, 3);
  Settle(billing);
  const core::Document late = InvoiceOf(billing, {36'500, kToday - 30, kToday + 335});
  REQUIRE_OK(billing.invoicing.CreateCreditNote(billing.CreditFor(late, std::nullopt)));
  CHECK(BalanceOf(billing, LedgerAccount::kRefunds) == 0);
  AdvanceDays(billing, 400);
  Settle(billing);
  CHECK(BalanceOf(billing, LedgerAccount::kRevenue) == -500);
  CHECK(BalanceOf(billing, LedgerAccount::kDeferredRevenue) == 0);
}

TEST_CASE("Postgres recognises what core::RecognisedMinor does") {
  BillingFixture billing;
  std::mt19937_64 random(7);
  const auto upto = [&](int64_t most) { return static_cast<int64_t>(random() % (most + 1)); };
  for (int i = 0; i < 500; ++i) {
    const CivilDate start = kToday + upto(2'000);
    const core::EarningLine line{i % 3 == 0 ? kMaxMoneyMinor - upto(9) : upto(i % 3 == 1 ? 30 : 1'000'000), 0,
                                 start, start + 1 + upto(3'700)};
    const CivilDate through = start - 3 + upto(3'800);
    const auto rows =
        billing.postgres.database().Query("SELECT recognised_minor($1, $2, $3, $4) AS count", line.net_minor,
                                          line.term_start, line.term_end, through);
    REQUIRE_OK(rows);
    INFO(line.net_minor << " " << FormatDate(start) << " " << FormatDate(line.term_end));
    REQUIRE((*rows)[0].Get<int64_t>("count") == core::RecognisedMinor(line, through));
  }
}

TEST_CASE("Workers and refunds at once book every day once, and close the books") {
  BillingFixture billing(12);
  std::vector<core::Document> invoices;
  for (int64_t i = 0; i < 20; ++i)
    invoices.push_back(InvoiceOf(billing, {10'007 + i, kToday - 5 + i % 8, kToday + 60 + i}));
  Settle(billing);
  AdvanceDays(billing, 40);
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (int worker = 0; worker < 4; ++worker) {
    threads.emplace_back([&] {
      for (int idle = 0; idle < 3;) {
        const auto done = billing.recognition.RunOnce();
        if (!done.ok()) ++failures;
        idle = done.ok() && *done > 0 ? 0 : idle + 1;
      }
    });
  }
  threads.emplace_back([&] {
    for (size_t i = 0; i < invoices.size(); i += 2) {
      const auto amount = i % 4 == 0 ? std::nullopt : std::optional<int64_t>(3'333);
      if (!billing.invoicing.CreateCreditNote(billing.CreditFor(invoices[i], amount)).ok()) ++failures;
    }
  });
  for (std::thread& thread : threads) thread.join();
  CHECK(failures == 0);
  CHECK(billing.Count("SELECT count(*) FROM journal_entry WHERE kind = 'recognition'") == 40);
  AdvanceDays(billing, 100);
  Settle(billing);
  CHECK(BalanceOf(billing, LedgerAccount::kDeferredRevenue) == 0);
  CHECK(billing.Count(
            "SELECT (SELECT sum(net_minor - credited_minor) FROM recognition_line)::bigint AS count") ==
        -BalanceOf(billing, LedgerAccount::kRevenue) - BalanceOf(billing, LedgerAccount::kRefunds));
}

TEST_CASE("A day that is not committed is booked again, and once") {
  BillingFixture billing;
  InvoiceOf(billing, {36'500, kToday, kToday + 365});
  Settle(billing);
  AdvanceDays(billing, 1);
  // As if killed at the last step.
  const absl::Status killed = billing.postgres.database().Transact([&]() -> absl::Status {
    REQUIRE(*billing.recognition.RunOnce() == 1);
    return absl::AbortedError("killed");
  });
  CHECK_FALSE(killed.ok());
  CHECK(BalanceOf(billing, LedgerAccount::kRevenue) == 0);
  CHECK(Settle(billing) == 1);
  CHECK(BalanceOf(billing, LedgerAccount::kRevenue) == -100);
}

TEST_CASE("A day's work is planned over the lines that have it, not over those that are over") {
  BillingFixture billing;
  const core::Document invoice = InvoiceOf(billing, {36'500, kToday, kToday + 365});
  REQUIRE_OK(billing.postgres.database().Query(
      "INSERT INTO recognition_line (invoice_id, line_number, currency, net_minor, term_start, term_end, "
      "time_zone, taken_in) SELECT $1, n + 1, 'EUR', 100, DATE '2020-01-01', DATE '2021-01-01' + n % 300, "
      "'Europe/Paris', true FROM generate_series(1, 20000) n",
      invoice.id));
  REQUIRE_OK(billing.postgres.database().Query("ANALYZE recognition_line"));
  const auto plan = billing.postgres.database().Query(
      "EXPLAIN SELECT sum(net_minor) FROM recognition_line WHERE time_zone = 'Europe/Paris' AND taken_in AND "
      "term_end > DATE '2027-01-15' AND term_start <= DATE '2027-01-15'");
  REQUIRE_OK(plan);
  std::string text;
  for (const pg::Row row : *plan) text += row.Get<std::string>("QUERY PLAN");
  CHECK_THAT(text, Catch::Contains("recognition_line_live"));
}

}  // namespace perennial::billing
