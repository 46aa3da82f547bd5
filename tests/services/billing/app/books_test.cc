#include "services/billing/app/books.h"

#include <map>

#include "tests/services/billing/support.h"

// Balances and statements, whether a day is summed already or not.
namespace perennial::billing {
namespace {

using core::LedgerAccount;
using Balances = std::map<std::pair<LedgerAccount, std::string>, std::pair<int64_t, int64_t>>;

Balances BalancesAt(BillingFixture& billing, absl::Time before) {
  const auto rows = billing.ledger.TrialBalance(before);
  REQUIRE_OK(rows);
  Balances balances;
  for (const LedgerBalance& row : *rows)
    balances[{row.account, row.currency}] = {row.debit_minor, row.credit_minor};
  return balances;
}

void CloseAll(Books& books) {
  while (true) {
    const auto closed = books.CloseDue();
    REQUIRE_OK(closed);
    if (*closed == 0) return;
  }
}

core::Document InvoiceIn(BillingFixture& billing, const std::string& currency, int64_t net_minor) {
  NewProForma order = billing.OrderOf(billing.ids.Next(), net_minor);
  order.lines[0].net.currency = currency;
  REQUIRE_OK(billing.invoicing.CreateProForma(order));
  const auto invoice = billing.invoicing.IssueInvoice(order.order, {billing.ids.Next(), ""});
  REQUIRE_OK(invoice);
  return *invoice;
}

// Some weeks of business in three currencies; returns times to look at.
std::vector<absl::Time> DoBusiness(BillingFixture& billing) {
  std::vector<absl::Time> times{billing.clock.Now() - absl::Hours(1)};
  for (int64_t day = 0; day < 12; ++day) {
    for (const std::string currency : {"JPY", "EUR", "KWD"}) InvoiceIn(billing, currency, 1'000 + day);
    while (*billing.recognition.RunOnce() > 0) {
    }
    times.push_back(billing.clock.Now());
    billing.clock.Advance(absl::Hours(17));
    times.push_back(billing.clock.Now());
  }
  return times;
}

}  // namespace

TEST_CASE("The trial balance is the same before and after days are summed, at any time") {
  BillingFixture billing;
  Books books(billing.ledger, billing.clock);
  const std::vector<absl::Time> times = DoBusiness(billing);
  std::vector<Balances> before;
  for (const absl::Time time : times) before.push_back(BalancesAt(billing, time));
  CloseAll(books);
  CHECK(billing.Count("SELECT count(DISTINCT day) FROM ledger_day") == 8);
  for (size_t i = 0; i < times.size(); ++i) CHECK(BalancesAt(billing, times[i]) == before[i]);
  std::map<std::string, int64_t> sums;
  for (const auto& [key, amounts] : before.back()) sums[key.second] += amounts.first - amounts.second;
  CHECK(sums == std::map<std::string, int64_t>{{"EUR", 0}, {"JPY", 0}, {"KWD", 0}});
}

TEST_CASE("A summed day is not read again: what is posted later is added to it") {
  BillingFixture billing;
  Books books(billing.ledger, billing.clock);
  DoBusiness(billing);
  CloseAll(books);
  const int64_t before =
      BalancesAt(billing, billing.clock.Now())[{LedgerAccount::kCashAtGateway, "EUR"}].first;
  InvoiceIn(billing, "EUR", 100);
  billing.clock.Advance(absl::Seconds(1));
  CHECK(BalancesAt(billing, billing.clock.Now())[{LedgerAccount::kCashAtGateway, "EUR"}].first ==
        before + 120);
}

TEST_CASE("A day is summed once, and only when nothing can be posted to it any more") {
  BillingFixture billing;  // 10:00
  Books books(billing.ledger, billing.clock);
  CHECK(*books.CloseDue() == 0);
  InvoiceIn(billing, "EUR", 100);
  billing.clock.Advance(absl::Hours(14));
  CHECK(*books.CloseDue() == 0);
  billing.clock.Advance(absl::Hours(1));
  CHECK(*books.CloseDue() == 1);
  CHECK(*books.CloseDue() == 0);
}

TEST_CASE("What commits only after its day was summed is in the balances all the same") {
  BillingFixture billing;
  Books books(billing.ledger, billing.clock);
  DoBusiness(billing);
  CloseAll(books);
  const auto cash = [&] {
    return BalancesAt(billing, billing.clock.Now())[{LedgerAccount::kCashAtGateway, "EUR"}].first;
  };
  const int64_t before = cash();
  billing.clock.Advance(-absl::Hours(72));
  InvoiceIn(billing, "EUR", 100);
  billing.clock.Advance(absl::Hours(72));
  CHECK(cash() == before + 120);
}

TEST_CASE("A statement's pages lead from its opening to its closing balance") {
  BillingFixture billing;
  Books books(billing.ledger, billing.clock);
  const std::vector<absl::Time> times = DoBusiness(billing);
  const LedgerColumn column{LedgerAccount::kDeferredRevenue, "KWD"};
  for (const bool summed : {false, true}) {
    if (summed) CloseAll(books);
    const absl::Time start = times[5];
    const absl::Time end = times[20];
    PagePosition after{start - absl::Microseconds(1),
                       Uuid::FromTrusted("ffffffff-ffff-ffff-ffff-ffffffffffff")};
    const auto net = [&](absl::Time time) {
      const auto [debit, credit] = BalancesAt(billing, time)[{column.account, column.currency}];
      return debit - credit;
    };
    int64_t balance = net(start);
    size_t count = 0;
    while (true) {
      const auto page = books.StatementOf(column, after, end, 4);
      REQUIRE_OK(page);
      REQUIRE(page->opening_minor == balance);
      if (page->lines.empty()) break;
      for (const Statement::Line& line : page->lines) {
        balance += line.amount_minor;
        CHECK(line.balance_minor == balance);
        CHECK(line.booked.entry.currency == "KWD");
        ++count;
      }
      after = {page->lines.back().booked.entry.post_time, page->lines.back().booked.entry.id};
    }
    CHECK(balance == net(end));
    CHECK(count > 8);
  }
}

}  // namespace perennial::billing
