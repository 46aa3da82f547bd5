#include <algorithm>
#include <atomic>
#include <random>
#include <set>
#include <thread>

#include "absl/strings/str_join.h"
#include "libs/base/status_macros.h"
#include "services/billing/app/series_audit.h"
#include "services/billing/storage/postgres_series_store.h"
#include "tests/services/billing/support.h"

// Pro-formas and invoices of many orders at once (R25, R27): the same as one by one, but for the round trips.
namespace perennial::billing {
namespace {

constexpr int kThreads = 8;

void SetCountry(BillingFixture& billing, const Uuid& account, const std::string& country) {
  ProfileChange change;
  change.fields = {"country_code"};
  change.values.party.country_code = country;
  REQUIRE_OK(billing.profiles.Update(CustomerOf(account), account, change));
}

// The reason of each refusal, "" of what went well.
template <typename T>
std::vector<std::string> ReasonsOf(const absl::StatusOr<Outcomes<T>>& outcomes) {
  REQUIRE_OK(outcomes);
  std::vector<std::string> reasons;
  for (const absl::StatusOr<T>& outcome : *outcomes) reasons.push_back(ReasonOf(outcome.status()));
  return reasons;
}

std::vector<NewProForma> MakeOrders(BillingFixture& billing, int count) {
  std::vector<NewProForma> orders;
  for (int i = 0; i < count; ++i) orders.push_back(billing.OrderOf(billing.ids.Next(), 1'000 + i));
  REQUIRE_OK(billing.invoicing.CreateProFormas(orders));
  return orders;
}

// The charge that pays an order, always the same.
NewInvoice PaidOf(const NewProForma& order) {
  return {order.order, {Uuid::Derive(order.order.id, "charge"), "Visa •••• 4242"}};
}

std::vector<NewInvoice> AllPaid(const std::vector<NewProForma>& orders) {
  std::vector<NewInvoice> paid;
  for (const NewProForma& order : orders) paid.push_back(PaidOf(order));
  return paid;
}

// All series: numbers from 1 without gaps, in a whole chain, each order invoiced and posted once.
void CheckBooks(BillingFixture& billing, int64_t invoices) {
  PostgresSeriesStore store(billing.postgres.database());
  SeriesAudit audit(store);
  const auto all = audit.List("", 100);
  REQUIRE_OK(all);
  int64_t numbered = 0;
  for (const NumberSeries& series : *all) {
    const auto verified = audit.Verify(series.name, {}, 100'000);
    REQUIRE_OK(verified);
    CHECK(!verified->fault);
    CHECK(verified->place.sequence_number == series.last_number);
    numbered += series.last_number;
  }
  CHECK(numbered == invoices);
  CHECK(billing.Count("SELECT count(*) FROM invoice") == invoices);
  CHECK(billing.Count("SELECT count(DISTINCT order_id) FROM invoice") == invoices);
  CHECK(billing.Count("SELECT count(*) FROM invoice a JOIN invoice b USING (series) WHERE "
                      "a.sequence_number < b.sequence_number AND a.issue_time > b.issue_time") == 0);
  CHECK(billing.Count("SELECT count(*) FROM pro_forma p JOIN invoice i ON i.id = p.invoice_id "
                      "WHERE p.state = 'issued' AND i.order_id = p.order_id") == invoices);
  CHECK(billing.Count("SELECT count(*) FROM journal_entry") == 2 * invoices);
  CHECK(billing.Count("SELECT count(*) FROM recognition_line") == invoices);
  CHECK(billing.Count("SELECT count(*) FROM outbox") == invoices);
}

// Everything that is stored, as text; but for the order in which rows lie there.
std::string Contents(BillingFixture& billing) {
  std::string contents;
  for (const char* table : {"account_pseudonym", "pro_forma", "series", "invoice", "journal_entry",
                            "recognition_line", "recognition_zone", "outbox"}) {
    const std::string sql = absl::StrCat(
        "SELECT coalesce(string_agg(t::text, E'\n' ORDER BY t::text), '') AS "
        "rows FROM ",
        table, " t");
    const auto rows = billing.postgres.database().Query(sql);
    REQUIRE_OK(rows);
    absl::StrAppend(&contents, table, "\n", (*rows)[0].Get<std::string>("rows"), "\n");
  }
  return contents;
}

}  // namespace

TEST_CASE("A pro-forma that somebody else renewed meanwhile is not overwritten with what was known before") {
  BillingFixture billing;
  const NewProForma order = billing.OrderOf(billing.ids.Next());
  const core::ProForma first = *billing.invoicing.CreateProForma(order);
  SetCountry(billing, order.order.account_id, "HU");
  const core::ProForma second = *billing.invoicing.CreateProForma(order);
  REQUIRE(second.bill.total_minor == 12'700);
  core::ProForma late = first;  // as a worker would have made of `first` before that
  late.bill.total_minor = late.bill.net_minor;
  late.bill.tax_minor = 0;
  CHECK(ReasonsOf(billing.invoices.RenewProFormas({{first, late}})) ==
        std::vector<std::string>{"REQUEST_IN_PROGRESS"});
  CHECK(billing.invoices.FindProFormas({order.order.id})->at(order.order.id).bill == second.bill);
  CHECK(ReasonsOf(billing.invoices.RenewProFormas({{second, first}})) == std::vector<std::string>{""});
  CHECK(billing.invoices.FindProFormas({order.order.id})->at(order.order.id).bill == first.bill);
}

TEST_CASE("No invoice is of another total than was charged, and none uses a number for it (R25)") {
  BillingFixture billing;
  const NewProForma order = billing.OrderOf(billing.ids.Next());
  REQUIRE_OK(billing.invoicing.CreateProForma(order));
  NewInvoice paid{order.order, {billing.ids.Next(), "Visa •••• 4242", 11'999}};
  CHECK(ReasonsOf(billing.invoicing.IssueInvoices({paid})) == std::vector<std::string>{"PRO_FORMA_CHANGED"});
  CHECK(billing.Count("SELECT count(*) FROM invoice") == 0);
  paid.payment.charged_minor = 12'000;
  const auto issued = billing.invoicing.IssueInvoices({paid});
  REQUIRE(ReasonsOf(issued) == std::vector<std::string>{""});
  CHECK((*issued)[0]->sequence_number == 1);
}

TEST_CASE("A batch of pro-formas: what is refused leaves the others to be made") {
  BillingFixture billing;
  const auto order_of = [&] { return billing.OrderOf(billing.ids.Next()); };
  std::vector<NewProForma> batch;
  for (int i = 0; i < 9; ++i) batch.push_back(order_of());
  // 0 is new; 1 is the second one of 0's account, which is new as well.
  batch[1].order.account_id = batch[0].order.account_id;
  batch[1].lines[0].product_id = billing.ids.Next();
  batch[2].expected_total = Money{"EUR", 1};
  // 3 was made before with other contents, 4 with the same, 5 by the tax of another day.
  REQUIRE_OK(billing.invoicing.CreateProFormas({batch[3], batch[4], batch[5]}));
  batch[3].lines[0].net.minor += 1;
  SetCountry(billing, batch[5].order.account_id, "HU");
  REQUIRE_OK(billing.profiles.Forget(batch[6].order.account_id));
  batch[7].lines[0].net.minor = -1;
  // 8 is of an account that has a pseudonym, but no pro-forma of this order.
  NewProForma known = batch[8];
  known.order.id = billing.ids.Next();
  REQUIRE_OK(billing.invoicing.CreateProForma(known));

  const auto made = billing.invoicing.CreateProFormas(batch);
  CHECK(ReasonsOf(made) == std::vector<std::string>{"", "", "PRO_FORMA_CHANGED", "PRO_FORMA_EXISTS", "", "",
                                                    "ACCOUNT_DELETED", "AMOUNT_INVALID", ""});
  for (const int n : {0, 1, 4, 8}) CHECK((*made)[n]->bill.total_minor == 12'000);
  CHECK((*made)[5]->bill.total_minor == 12'700);
  CHECK((*made)[0]->account_pseudonym == (*made)[1]->account_pseudonym);
  CHECK(billing.Count("SELECT count(*) FROM pro_forma") == 7);
  for (const int n : {0, 1, 4, 5, 8}) {
    INFO(n);
    const auto stored = billing.invoices.FindProFormas({batch[n].order.id});
    REQUIRE_OK(stored);
    REQUIRE(stored->size() == 1);
    const core::ProForma& pro_forma = stored->begin()->second;
    CHECK(pro_forma.bill == (*made)[n]->bill);
    CHECK(pro_forma.buyer == (*made)[n]->buyer);
    CHECK(pro_forma.account_pseudonym == (*made)[n]->account_pseudonym);
  }
}

TEST_CASE("A batch of invoices: what is refused uses no number, and leaves the others to be issued") {
  BillingFixture billing;
  const std::vector<NewProForma> orders = MakeOrders(billing, 8);
  std::vector<NewInvoice> batch = AllPaid(orders);
  const auto before = billing.invoicing.IssueInvoices({batch[5], batch[6]});
  REQUIRE_OK(before);
  REQUIRE_OK(billing.invoicing.CancelProForma(orders[1].order));
  batch[2].payment.charge_id.reset();
  batch[3].order.account_id = billing.ids.Next();
  batch[6].payment.charge_id = billing.ids.Next();
  batch[7].payment.charge_id = batch[5].payment.charge_id;  // which paid an invoice before
  batch.push_back({{billing.ids.Next(), billing.ids.Next()}, {billing.ids.Next(), ""}});
  std::swap(batch[5], batch[0]);

  const auto issued = billing.invoicing.IssueInvoices(batch);
  CHECK(ReasonsOf(issued) == std::vector<std::string>{"", "PRO_FORMA_CANCELLED", "REQUEST_INVALID",
                                                      "PRO_FORMA_NOT_FOUND", "", "", "INVOICE_ALREADY_ISSUED",
                                                      "INVOICE_ALREADY_ISSUED", "PRO_FORMA_NOT_FOUND"});
  CHECK(*(*issued)[0] == *(*before)[0]);
  CHECK((*issued)[4]->sequence_number == 3);
  CHECK((*issued)[5]->sequence_number == 4);
  for (const int n : {4, 5}) {
    CHECK(*billing.invoices.Get((*issued)[n]->account_id.value(), (*issued)[n]->id) == *(*issued)[n]);
  }
  CHECK(billing.documents_seen == 4);
  CheckBooks(billing, 4);
}

TEST_CASE("A batch of other orders than before, after a kill, issues only what was not") {
  BillingFixture billing;
  const std::vector<NewInvoice> all = AllPaid(MakeOrders(billing, 9));
  const auto first = billing.invoicing.IssueInvoices({all.begin(), all.begin() + 6});
  REQUIRE_OK(first);
  const auto again = billing.invoicing.IssueInvoices({all.begin() + 3, all.end()});
  REQUIRE_OK(again);
  for (int n = 0; n < 3; ++n) CHECK(*(*again)[n] == *(*first)[n + 3]);
  for (int n = 3; n < 6; ++n) CHECK((*again)[n]->sequence_number == n + 4);
  CheckBooks(billing, 9);
}

TEST_CASE("A charge that pays two orders of one batch fails the whole, and nothing is kept") {
  BillingFixture billing;
  std::vector<NewInvoice> batch = AllPaid(MakeOrders(billing, 3));
  batch[2].payment.charge_id = batch[0].payment.charge_id;
  CHECK_REFUSED(billing.invoicing.IssueInvoices(batch), "INVOICE_ALREADY_ISSUED");
  CHECK(billing.Count("SELECT count(*) FROM series") == 0);
  CheckBooks(billing, 0);
}

TEST_CASE(
    "Batches at once, over the same orders, some rolled back: each invoice once, no gap, whole chains") {
  constexpr int kOrders = 160;
  constexpr int kBatch = 40;
  BillingFixture billing(kThreads);
  std::vector<NewProForma> orders;
  for (int i = 0; i < kOrders; ++i) orders.push_back(billing.OrderOf(billing.ids.Next()));
  std::atomic<int> failed{0};
  std::atomic<int> rolled_back{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(t);
      std::vector<NewProForma> mine = orders;
      std::shuffle(mine.begin(), mine.end(), random);
      for (int from = 0; from < kOrders; from += kBatch) {
        const std::vector<NewProForma> batch(mine.begin() + from, mine.begin() + from + kBatch);
        const auto made = billing.invoicing.CreateProFormas(batch);
        for (int n = 0; n < kBatch; ++n) failed += !made.ok() || !(*made)[n].ok();
        if ((from / kBatch + t) % 3 == 0) {
          const absl::Status died = billing.postgres.database().Transact([&]() -> absl::Status {
            RETURN_IF_ERROR(billing.invoicing.IssueInvoices(AllPaid(batch)).status());
            return absl::CancelledError("died");
          });
          rolled_back += died.code() == absl::StatusCode::kCancelled;
        }
        const auto issued = billing.invoicing.IssueInvoices(AllPaid(batch));
        for (int n = 0; n < kBatch; ++n) failed += !issued.ok() || !(*issued)[n].ok();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failed == 0);
  CHECK(rolled_back > 0);
  CheckBooks(billing, kOrders);
}

TEST_CASE("A batch may be of several series; batches at once that name them crosswise wait, and go on") {
  BillingFixture billing(kThreads);
  constexpr int kOrders = 60;
  const std::vector<NewProForma> orders = MakeOrders(billing, kOrders);
  // As if the seller changed in the middle of it.
  const auto draft = [&](size_t n, const core::ProForma& pro_forma,
                         const core::Document* issued) -> absl::StatusOr<core::Document> {
    if (issued != nullptr) return *issued;
    core::Party seller;
    seller.country_code = n % 2 == 0 ? "FR" : "DE";
    TimedIdSource ids;
    core::Document document = core::DraftInvoice(pro_forma, ids.Next(), seller, billing.clock.Now());
    document.charge_id = ids.Next();
    return document;
  };
  std::atomic<int> failed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      std::vector<PaidOrder> mine;
      for (int i = 0; i < 10; ++i) mine.push_back({orders[t * 10 + i].order.id, std::nullopt});
      if (t % 2 == 0) std::reverse(mine.begin(), mine.end());
      const auto issued = billing.invoices.Issue(mine, draft);
      failed +=
          !issued.ok() || std::any_of(issued->begin(), issued->end(), [](auto& one) { return !one.ok(); });
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failed == 0);
  CHECK(billing.Count("SELECT count(*) FROM series WHERE last_number = 30") == 2);
  CheckBooks(billing, kOrders);
}

TEST_CASE("A batch gives what its items give one by one, in every column of every table") {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    INFO("seed " << seed);
    std::vector<std::string> contents, outcomes;
    for (const bool at_once : {true, false}) {
      std::mt19937 random(seed);
      const auto below = [&](int limit) { return static_cast<int>(random() % limit); };
      BillingFixture billing;
      testing::CountingIds ids;
      Invoicing invoicing(billing.invoices, billing.profile_store, billing.clock, ids,
                          core::Seller{{"S", "", {}, "", "", "", "FR", ""}, {}, Taxes()},
                          [](const core::Document&) {});
      std::vector<Uuid> accounts;
      for (int i = 0; i < 5; ++i) {
        accounts.push_back(ids.Next());
        if (i < 3) SetCountry(billing, accounts[i], i == 0 ? "DE" : "CH");
      }
      REQUIRE_OK(billing.profiles.Forget(accounts[4]));
      std::vector<std::string> reasons;
      const auto note = [&](const absl::Status& status) { reasons.push_back(ReasonOf(status)); };
      std::vector<NewProForma> orders;
      for (int i = 0; i < 20; ++i) {
        orders.push_back({{accounts[below(5)], ids.Next()},
                          {},
                          std::nullopt,
                          core::Language::kFrench,
                          below(2) ? "Pacific/Auckland" : "Europe/Paris"});
        for (int lines = 1 + below(3); lines > 0; --lines) {
          orders[i].lines.push_back({"\"Or\" \\ été",
                                     ids.Next(),
                                     CivilDate(2026, 12, 20) + below(60),
                                     CivilDate(2027, 12, 20) + below(60),
                                     {"EUR", below(4) * 777}});
        }
        if (below(4) == 0) orders[i].expected_total = Money{"EUR", 777};
      }
      // Twice: the second time some are there, by another tax, or cancelled, or issued.
      for (int round = 0; round < 2; ++round) {
        if (at_once) {
          const auto made = invoicing.CreateProFormas(orders);
          REQUIRE_OK(made);
          for (const auto& one : *made) note(one.status());
        } else {
          for (const NewProForma& order : orders) note(invoicing.CreateProForma(order).status());
        }
        SetCountry(billing, accounts[1], "HU");
        for (int i = 0; i < 3; ++i) note(invoicing.CancelProForma(orders[below(20)].order).status());
        std::vector<NewInvoice> paid;
        for (int i = round * 5; i < 20; ++i) {
          paid.push_back(PaidOf(orders[i]));
          if (below(5) == 0) paid.back().payment.charge_id.reset();
        }
        if (at_once) {
          const auto issued = invoicing.IssueInvoices(paid);
          REQUIRE_OK(issued);
          for (const auto& one : *issued) note(one.status());
        } else {
          for (const NewInvoice& one : paid) note(invoicing.IssueInvoice(one.order, one.payment).status());
        }
      }
      contents.push_back(Contents(billing));
      outcomes.push_back(absl::StrJoin(reasons, ","));
    }
    CHECK(outcomes[0] == outcomes[1]);
    CHECK(contents[0] == contents[1]);
    CHECK(outcomes[0].find("ACCOUNT_DELETED") != std::string::npos);
    CHECK(contents[0].find("-000003") != std::string::npos);
  }
}

}  // namespace perennial::billing
