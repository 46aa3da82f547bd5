#include "services/billing/app/reconciliation.h"

#include <functional>
#include <map>
#include <set>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/billing/storage/postgres_reconciliation_store.h"
#include "tests/services/billing/support.h"

// Gateway, payment_token and subscription as lists in memory, billing's own side on real tables.
namespace perennial::billing {
namespace {

using core::DifferenceKind;
using core::MovementKind;
using core::OrderStanding;

constexpr size_t kPage = 2;

// Fails one call, the n-th from now.
struct Line {
  int fails_at = -1;
  int calls = 0;
  absl::Status Answer() {
    ++calls;
    return --fails_at == -1 ? Unavailable("SERVICE_UNAVAILABLE", "away") : absl::OkStatus();
  }
};

template <typename Side>
PageOf<Side> PageFrom(const std::vector<Side>& all, absl::Time since, const std::string& token) {
  PageOf<Side> page;
  size_t place = token.empty() ? 0 : std::stoul(token);
  for (; place < all.size() && page.sides.size() < kPage; ++place) {
    if (all[place].time >= since) page.sides.push_back(all[place]);
  }
  if (place < all.size()) page.next = std::to_string(place);
  return page;
}

struct FakeMoney final : MoneyBooks {
  explicit FakeMoney(Line& with) : line(with) {}
  Line& line;
  std::map<MovementKind, std::vector<GatewaySide>> gateway;
  std::map<MovementKind, std::vector<ChargeSide>> charges;
  std::optional<absl::Time> undecided;  // a refund

  absl::StatusOr<PageOf<GatewaySide>> AtGateway(MovementKind kind, absl::Time since,
                                                const std::string& token) override {
    RETURN_IF_ERROR(line.Answer());
    std::vector<GatewaySide> newest_first(gateway[kind].rbegin(), gateway[kind].rend());
    auto page = PageFrom(newest_first, since, token);
    if (kind == MovementKind::kRefund && page.next.empty()) page.oldest_undecided = undecided;
    return page;
  }
  absl::StatusOr<PageOf<ChargeSide>> Succeeded(MovementKind kind, absl::Time since,
                                               const std::string& token) override {
    RETURN_IF_ERROR(line.Answer());
    return PageFrom(charges[kind], since, token);
  }
  absl::StatusOr<std::vector<ChargeSide>> Find(const std::vector<Uuid>& charge_ids,
                                               const std::vector<Uuid>& refund_ids) override {
    RETURN_IF_ERROR(line.Answer());
    std::vector<ChargeSide> found;
    for (const auto kind : {MovementKind::kCapture, MovementKind::kRefund}) {
      const auto& ids = kind == MovementKind::kCapture ? charge_ids : refund_ids;
      for (const ChargeSide& side : charges[kind]) {
        if (std::count(ids.begin(), ids.end(), side.id) > 0) found.push_back(side);
      }
    }
    return found;
  }
};

struct FakeOrders final : OrderBooks {
  explicit FakeOrders(Line& with) : line(with) {}
  Line& line;
  std::vector<OrderSide> over;    // listed
  std::vector<OrderSide> others;  // only found

  absl::StatusOr<PageOf<OrderSide>> Paid(absl::Time since, const std::string& token) override {
    RETURN_IF_ERROR(line.Answer());
    return PageFrom(over, since, token);
  }
  absl::StatusOr<std::vector<OrderSide>> Find(const std::vector<Uuid>& ids) override {
    RETURN_IF_ERROR(line.Answer());
    std::vector<OrderSide> found;
    for (const auto* list : {&over, &others}) {
      for (const OrderSide& side : *list) {
        if (std::count(ids.begin(), ids.end(), side.order_id) > 0) found.push_back(side);
      }
    }
    return found;
  }
};

struct Fixture : BillingFixture {
  Line line;
  FakeMoney money{line};
  FakeOrders orders{line};
  int away = 0;
  PostgresReconciliationStore store{postgres.database(), ids};
  Reconciliation reconciliation{store, money, orders, clock, [this](const absl::Status&) { ++away; }};
  // The gateway has a clock of its own.
  absl::Time gateway_time = absl::FromUnixSeconds(1'700'000'000);

  void AtGateway(MovementKind kind, std::optional<Uuid> id, const Uuid& order_id, const Money& amount) {
    gateway_time += absl::Seconds(1);
    money.gateway[kind].push_back(
        {"ref_" + std::to_string(absl::ToUnixSeconds(gateway_time)), id, order_id, amount, gateway_time});
  }
  void AtPaymentToken(MovementKind kind, const Uuid& id, const Uuid& order_id, const Money& amount) {
    money.charges[kind].push_back({kind, id, order_id, amount, clock.Now()});
  }

  // An order taken as it should be.
  core::Document Take() {
    clock.Advance(absl::Seconds(7));
    const core::Document invoice = Invoice(ids.Next());
    const Money total{"EUR", invoice.bill.total_minor};
    AtGateway(MovementKind::kCapture, *invoice.charge_id, invoice.order_id, total);
    AtPaymentToken(MovementKind::kCapture, *invoice.charge_id, invoice.order_id, total);
    orders.over.push_back(
        {invoice.order_id, invoice.charge_id, total, OrderStanding::kApplied, true, clock.Now()});
    return invoice;
  }
  core::Document GiveBack(const core::Document& invoice, int64_t amount_minor) {
    const NewCreditNote credit = CreditFor(invoice, amount_minor);
    const auto note = invoicing.CreateCreditNote(credit);
    REQUIRE_OK(note);
    AtGateway(MovementKind::kRefund, *credit.refund_id, invoice.order_id, *credit.amount);
    AtPaymentToken(MovementKind::kRefund, *credit.refund_id, invoice.order_id, *credit.amount);
    return *note;
  }

  void Run() {
    for (int i = 0; i < 100; ++i) {
      const auto done = reconciliation.RunOnce();
      REQUIRE_OK(done);
      if (*done == 0) return;
    }
    FAIL("reconciliation does not come to rest");
  }
  // Runs until everything of now is old enough to be judged.
  void Judge() {
    for (int i = 0; i < 4; ++i) {
      clock.Advance(absl::Hours(1));
      Run();
    }
  }
  std::set<DifferenceKind> Found() {
    const auto found = reconciliation.List(std::nullopt, 100);
    REQUIRE_OK(found);
    std::set<DifferenceKind> kinds;
    for (const FoundDifference& each : *found) kinds.insert(each.kind);
    return kinds;
  }
  // As somebody could who owns the tables.
  void Tamper(absl::string_view sql) {
    REQUIRE_OK(postgres.database().Query("ALTER TABLE journal_entry DISABLE TRIGGER ALL"));
    REQUIRE_OK(postgres.database().Query(sql));
    REQUIRE_OK(postgres.database().Query(
        "ALTER TABLE journal_entry ENABLE ALWAYS TRIGGER journal_entry_never_changes"));
  }
};

using Kinds = std::set<DifferenceKind>;

}  // namespace

TEST_CASE_METHOD(Fixture, "Orders that all sides tell alike settle, and cost nothing afterwards") {
  const core::Document first = Take();
  for (int i = 0; i < 6; ++i) Take();
  GiveBack(first, 1'000);
  GiveBack(first, 2'000);
  Judge();
  CHECK(Found().empty());
  CHECK(Count("SELECT count(*) FROM movement") == 9);
  CHECK(*reconciliation.CountUnsettled() == 0);
  const auto report = reconciliation.Report();
  REQUIRE_OK(report);
  CHECK(report->last_success == clock.Now());
  CHECK_FALSE(report->oldest_unsettled);
  const int before = line.calls;
  clock.Advance(absl::Minutes(10));
  Run();
  CHECK(line.calls - before <= 6);  // the lists, whose newest entries alone are read again
  CHECK(*reconciliation.CountUnsettled() == 0);
}

TEST_CASE_METHOD(Fixture, "An order under way is no difference, whatever side is late") {
  const core::Document invoice = Take();
  orders.over.clear();
  money.charges.clear();
  Run();
  clock.Advance(absl::Minutes(110));
  Run();
  CHECK(Found().empty());
  CHECK(*reconciliation.CountUnsettled() == 1);
  AtPaymentToken(MovementKind::kCapture, *invoice.charge_id, invoice.order_id,
                 {"EUR", invoice.bill.total_minor});
  orders.others.push_back(
      {invoice.order_id, invoice.charge_id, std::nullopt, OrderStanding::kOpen, false, clock.Now()});
  Judge();
  CHECK(Found().empty());
}

TEST_CASE_METHOD(Fixture, "A ledger entry that somebody deletes is missed, and found again when it is back") {
  const core::Document invoice = Take();
  Take();
  Run();
  for (const char* kind : {"payment", "invoice"}) {
    Tamper(
        "CREATE TABLE gone AS SELECT id, post_time, document_id, currency, accounts, amounts_minor, kind "
        "FROM "
        "journal_entry WHERE kind = '" +
        std::string(kind) + "' LIMIT 1");
    Tamper("DELETE FROM journal_entry WHERE id = (SELECT id FROM gone)");
    REQUIRE_OK(reconciliation.Restart(absl::UnixEpoch()));
    Judge();
    CHECK(Found() == Kinds{DifferenceKind::kDocumentWithoutLedgerEntry});
    const auto found = reconciliation.List(std::nullopt, 10);
    REQUIRE(found->size() == 1);
    CHECK(found->at(0).document_number.find("INV-FR-2027-00000") == 0);
    CHECK(found->at(0).movement.order_id.has_value());
    Tamper(
        "INSERT INTO journal_entry (id, post_time, document_id, currency, accounts, amounts_minor, kind) "
        "SELECT id, post_time, document_id, currency, accounts, amounts_minor, kind FROM gone");
    Tamper("DROP TABLE gone");
    Judge();
    CHECK(Found().empty());
  }
}

TEST_CASE_METHOD(Fixture, "Money that the gateway took behind our back is told, with what a person needs") {
  const core::Document invoice = Take();
  Run();
  AtGateway(MovementKind::kCapture, std::nullopt, Uuid(), {"USD", 777});
  AtGateway(MovementKind::kCapture, *invoice.charge_id, invoice.order_id, {"EUR", invoice.bill.total_minor});
  AtGateway(MovementKind::kRefund, ids.Next(), invoice.order_id, {"EUR", 5});
  Judge();
  CHECK(Found() == Kinds{DifferenceKind::kCapturedWithoutCharge, DifferenceKind::kCapturedWithoutInvoice,
                         DifferenceKind::kCapturedWithoutOrder, DifferenceKind::kGatewayRefundWithoutOurs,
                         DifferenceKind::kRefundWithoutCreditNote});
  std::set<std::string> references;
  const auto found = reconciliation.List(std::nullopt, 100);
  for (const FoundDifference& each : *found) references.insert(each.movement.gateway_reference);
  CHECK(references.size() == 3);  // the second capture of one charge among them
  CHECK(references.count(money.gateway[MovementKind::kCapture][0].reference) == 0);
}

TEST_CASE_METHOD(Fixture, "Whatever one side lacks or says otherwise is told by its name") {
  Take();
  const auto judged = [&](const std::function<void()>& tamper) {
    const FakeMoney money_before = money;
    const FakeOrders orders_before = orders;
    tamper();
    REQUIRE_OK(reconciliation.Restart(absl::UnixEpoch()));
    Judge();
    const Kinds kinds = Found();
    money.gateway = money_before.gateway;
    money.charges = money_before.charges;
    orders.over = orders_before.over;
    REQUIRE_OK(reconciliation.Restart(absl::UnixEpoch()));
    Judge();
    CHECK(Found().empty());
    return kinds;
  };
  Judge();
  REQUIRE(Found().empty());
  CHECK(judged([&] { money.charges.clear(); }) == Kinds{DifferenceKind::kCapturedWithoutCharge});
  CHECK(judged([&] { orders.over.clear(); }) == Kinds{DifferenceKind::kCapturedWithoutOrder});
  CHECK(judged([&] { orders.over[0].has_term = false; }) == Kinds{DifferenceKind::kPaidOrderWithoutTerm});
  CHECK(judged([&] { orders.over[0].standing = OrderStanding::kFailed; }) ==
        Kinds{DifferenceKind::kCapturedForFailedOrder});
  CHECK(judged([&] { money.charges[MovementKind::kCapture][0].amount.minor += 1; }) ==
        Kinds{DifferenceKind::kAmountDiffers});
  // An order that claims a charge that nobody made.
  CHECK(judged([&] {
          orders.over.push_back(
              {ids.Next(), ids.Next(), Money{"EUR", 5}, OrderStanding::kApplied, true, clock.Now()});
        }) == Kinds{DifferenceKind::kPaidOrderWithoutCapture});
}

TEST_CASE_METHOD(Fixture,
                 "A refund that a person paid is one, in the gateway's dashboard or outside of it (R31)") {
  const core::Document invoice = Take();
  for (const char* reference : {"bank transfer 4711", "ref_dashboard"}) {
    const NewCreditNote credit = CreditFor(invoice, 1'000);
    REQUIRE_OK(invoicing.CreateCreditNote(credit));
    AtPaymentToken(MovementKind::kRefund, *credit.refund_id, invoice.order_id, *credit.amount);
    money.charges[MovementKind::kRefund].back().settlement_reference = reference;
  }
  AtGateway(MovementKind::kRefund, std::nullopt, Uuid(), {"EUR", 1'000});
  money.gateway[MovementKind::kRefund].back().reference = "ref_dashboard";
  money.gateway[MovementKind::kRefund].back().order_id = std::nullopt;
  Judge();
  CHECK(Found().empty());
  CHECK(*reconciliation.CountUnsettled() == 0);
  money.charges[MovementKind::kRefund].back().settlement_reference = "something else";
  REQUIRE_OK(reconciliation.Restart(absl::UnixEpoch()));
  Judge();
  CHECK(Found() ==
        Kinds{DifferenceKind::kGatewayRefundWithoutOurs, DifferenceKind::kRefundWithoutCreditNote});
}

TEST_CASE_METHOD(Fixture, "What the gateway decides late is found all the same") {
  const core::Document invoice = Take();
  Run();
  AtGateway(MovementKind::kRefund, std::nullopt, Uuid(), {"EUR", 1'000});
  GatewaySide late = money.gateway[MovementKind::kRefund].back();
  money.gateway[MovementKind::kRefund].clear();
  money.undecided = late.time;
  GiveBack(invoice, 2'000);  // decided at once, though it was begun later
  Judge();
  const NewCreditNote credit = CreditFor(invoice, 1'000);
  REQUIRE_OK(invoicing.CreateCreditNote(credit));
  AtPaymentToken(MovementKind::kRefund, *credit.refund_id, invoice.order_id, *credit.amount);
  late.id = *credit.refund_id;
  late.order_id = invoice.order_id;
  money.undecided.reset();
  money.gateway[MovementKind::kRefund].insert(money.gateway[MovementKind::kRefund].begin(), late);
  Judge();
  CHECK(Found().empty());
}

TEST_CASE_METHOD(Fixture, "A deleted account's orders are gone, and not missed (R7)") {
  const core::Document invoice = Take();
  Take();
  orders.over.clear();
  REQUIRE_OK(profiles.Forget(*invoice.account_id));
  Judge();
  CHECK(Found() == Kinds{DifferenceKind::kCapturedWithoutOrder});  // of the other one
  CHECK(reconciliation.List(std::nullopt, 100)->size() == 1);
}

TEST_CASE_METHOD(Fixture,
                 "Whenever the others go away, reconciliation rests, and tells the same in the end") {
  for (int i = 0; i < 5; ++i) Take();
  AtGateway(MovementKind::kCapture, std::nullopt, Uuid(), {"USD", 777});
  for (int fails_at = 0; fails_at < 12; ++fails_at) {
    line.fails_at = fails_at;
    const int before = away;
    clock.Advance(absl::Minutes(11));
    Run();
    INFO(fails_at);
    if (line.fails_at < 0) CHECK(away == before + 1);
  }
  line.fails_at = -1;
  Judge();
  CHECK(Found() == Kinds{DifferenceKind::kCapturedWithoutCharge, DifferenceKind::kCapturedWithoutInvoice,
                         DifferenceKind::kCapturedWithoutOrder});
  CHECK(Count("SELECT count(*) FROM movement") == 6);
}

TEST_CASE_METHOD(Fixture, "A restart goes over all documents again, however many pages they are") {
  for (int i = 0; i < 5; ++i) Take();
  Judge();
  REQUIRE_OK(postgres.database().Query("DELETE FROM movement"));  // a restored backup
  REQUIRE_OK(reconciliation.Restart(absl::UnixEpoch()));
  const absl::Time now = clock.Now();
  const Uuid run = **store.Claim(now, now + absl::Minutes(2));
  for (auto feed = store.NextFeed(); feed->has_value(); feed = store.NextFeed()) {
    if ((**feed).name == FeedName::kDocuments) {
      REQUIRE_OK(store.KeepDocuments(run, **feed, now, now, now, 2));
    } else {
      (**feed).Turn("");
      REQUIRE_OK(store.KeepOrders(run, **feed, {}, now, now));
    }
  }
  CHECK(Count("SELECT count(*) FROM movement") == 5);
}

TEST_CASE_METHOD(Fixture, "Who lost the run to somebody else writes nothing any more") {
  Take();
  const auto first = store.Claim(clock.Now(), clock.Now() + absl::Minutes(2));
  REQUIRE(first->has_value());
  CHECK_FALSE(store.Claim(clock.Now(), clock.Now() + absl::Minutes(2))->has_value());
  clock.Advance(absl::Minutes(2));  // killed, as it seems
  const auto second = store.Claim(clock.Now(), clock.Now() + absl::Minutes(2));
  REQUIRE(second->has_value());
  const Feed feed = **store.NextFeed();
  const absl::Time now = clock.Now();
  CHECK(absl::IsAborted(store.KeepGateway(**first, feed, MovementKind::kCapture,
                                          money.gateway[MovementKind::kCapture], now, now)));
  CHECK(absl::IsAborted(store.Finish(**first, now, now)));
  CHECK(Count("SELECT count(*) FROM movement") == 0);
  REQUIRE_OK(store.KeepGateway(**second, feed, MovementKind::kCapture, money.gateway[MovementKind::kCapture],
                               now, now));
  CHECK(Count("SELECT count(*) FROM movement") == 1);
}

}  // namespace perennial::billing
