#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <random>

#include "absl/strings/str_cat.h"
#include "tests/services/payment_token/world.h"

namespace perennial::payment_token {
namespace {

// Lets a test do something while the gateway is asked.
struct WatchedGateway : FakeGateway {
  void AskCharges(const std::vector<ChargeOrder>& orders, const TakeChargeAnswers& take) override {
    if (before_asking) before_asking();
    FakeGateway::AskCharges(orders, [&](const std::vector<ChargeAnswer>& answers) {
      take(answers);
      if (after_some) after_some();
    });
  }
  std::function<void()> before_asking;
  std::function<void()> after_some;
};

struct Fixture : WatchedGateway, World {
  Fixture() : World(static_cast<WatchedGateway&>(*this)) {}

  std::vector<core::ChargeRequest> Requests(int count) {
    std::vector<core::ChargeRequest> requests;
    for (int i = 0; i < count; ++i) requests.push_back(Request(1000 + i));
    return requests;
  }
  // One for each of as many customers with a card.
  std::vector<core::ChargeRequest> OfCustomers(int count) {
    std::vector<core::ChargeRequest> requests;
    for (int i = 0; i < count; ++i) {
      account = ids.Next();
      AddCard(OwnNumber(i));
      requests.push_back(Request(1000 + i));
    }
    return requests;
  }
  int64_t InState(const char* state) {
    const auto rows =
        postgres.database().Query("SELECT count(*) AS n FROM charges WHERE state = $1", std::string(state));
    REQUIRE_OK(rows);
    return (*rows)[0].Get<int64_t>("n");
  }
};

TEST_CASE_METHOD(Fixture, "each charge of a batch comes to what it would come to alone") {
  const Uuid nobody = ids.Next();
  const Uuid gone = ids.Next();
  REQUIRE_OK(methods.DeleteAccount(gone));
  const auto first = AddCard("5555555555554444");
  const auto last = AddCard("4242424242424242");
  const core::ChargeRequest known = Request();
  Take(known);
  std::vector<core::ChargeRequest> all = Requests(7);
  all[0].amount.minor = 49;
  all[1].payment_method_id = first.id;
  all[2].payment_method_id = ids.Next();
  all[3].account_id = nobody;
  all[5].account_id = gone;
  all[6].amount.currency = "KWD";
  all.push_back(known);
  const Charges::Results results = TakeAll(all);
  CHECK_REFUSED(results[0], "AMOUNT_INVALID");
  CHECK(results[1]->payment_method_id == first.id);
  CHECK_REFUSED(results[2], "PAYMENT_METHOD_NOT_FOUND");
  CHECK(results[3]->state == core::ChargeState::kNoPaymentMethod);
  CHECK(results[4]->payment_method_id == last.id);
  CHECK(results[4]->state == core::ChargeState::kSucceeded);
  CHECK(results[5]->state == core::ChargeState::kNoPaymentMethod);
  CHECK_REFUSED(results[6], "CURRENCY_NOT_OFFERED");
  CHECK(results[7]->request == known);
  CHECK(charge_requests() == 3);
  CHECK(metrics.charges_ended == 4);
  CHECK(Count("SELECT count(*) AS n FROM charges") == 4);

  core::ChargeRequest other = known;
  other.order_id = ids.Next();
  REQUIRE_OK(methods.Remove(Customer(), account, first.id));
  core::ChargeRequest removed = Request();
  removed.payment_method_id = first.id;
  const Charges::Results more = TakeAll({other, removed});
  CHECK_REFUSED(more[0], "CHARGE_EXISTS");
  CHECK_REFUSED(more[1], "PAYMENT_METHOD_REMOVED");
}

TEST_CASE_METHOD(Fixture, "a batch that is repeated, whole or in other parts, takes nothing twice (R23)") {
  const std::vector<core::ChargeRequest> requests = OfCustomers(6);
  for (const auto& result : TakeAll(requests)) CHECK(result->state == core::ChargeState::kSucceeded);
  for (const auto& result : TakeAll(requests)) CHECK(result->state == core::ChargeState::kSucceeded);
  std::vector<core::ChargeRequest> others = {requests[5], requests[2]};
  others.push_back(Request());
  TakeAll(others);
  CHECK(captures() == 7);
  CHECK(charge_requests() == 7);
  CHECK(metrics.charges_ended == 7);
}

TEST_CASE_METHOD(Fixture, "charges of one card in one batch count each other, as one after the other (R17)") {
  AddCard("5555555555554444");
  AddCard();
  Answer(core::Declined{"insufficient_funds", "pi"});
  for (int i = 0; i < 7; ++i) Take(Request());
  clock.Advance(absl::Hours(1));
  const Charges::Results results = TakeAll(Requests(15));
  for (size_t i = 0; i < results.size(); ++i) {
    INFO(i);
    CHECK(results[i]->decline_code == (i < 11 ? "insufficient_funds" : "card_attempts_exhausted"));
  }
  CHECK(charge_requests() == 18);
}

TEST_CASE_METHOD(Fixture, "two batches of the same charges at once, in any order, take each once (R23)") {
  const std::vector<core::ChargeRequest> requests = OfCustomers(40);
  std::atomic<int> failed = 0;
  InParallel(6, [&](int seed) {
    std::vector<core::ChargeRequest> shuffled = requests;
    std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937(static_cast<unsigned>(seed)));
    if (seed % 2 == 0) shuffled.resize(25);
    if (!TryTakeAll(shuffled).ok()) ++failed;
  });
  CHECK(failed == 0);
  CHECK(captures() == 40);
  CHECK(charge_requests() == 40);
  CHECK(metrics.charges_ended == 40);
  CHECK(InState("succeeded") == 40);
}

TEST_CASE_METHOD(Fixture, "batches of the same customers at once do not wait for each other in a ring") {
  std::vector<Uuid> customers;
  for (int i = 0; i < 20; ++i) {
    account = ids.Next();
    AddCard("5555555555554444");
    AddCard(OwnNumber(i));
    customers.push_back(account);
  }
  std::atomic<int> failed = 0;
  InParallel(8, [&](int seed) {
    std::mt19937 random(static_cast<unsigned>(seed));
    for (int round = 0; round < 5; ++round) {
      std::vector<core::ChargeRequest> requests;
      for (const Uuid& customer : customers)
        requests.push_back({Uuid::Derive(customer, absl::StrCat(seed, "/", round)),
                            customer,
                            customer,
                            std::nullopt,
                            {"EUR", 100},
                            true,
                            "x"});
      std::shuffle(requests.begin(), requests.end(), random);
      if (!TryTakeAll(requests).ok()) ++failed;
    }
  });
  CHECK(failed == 0);
  CHECK(captures() == 8 * 5 * 20);
  CHECK(InState("succeeded") == 8 * 5 * 20);
  CHECK(transactions == 8 * 5);  // none was broken off and begun again
}

TEST_CASE_METHOD(Fixture, "a token that does not open fails its own charge only") {
  std::vector<core::ChargeRequest> requests = OfCustomers(5);
  const Uuid broken = requests[2].account_id;
  REQUIRE_OK(postgres.database().Query(
      "UPDATE payment_methods SET token = 'unreadable' WHERE account_id = $1", broken));
  const Charges::Results results = TakeAll(requests);
  for (size_t i = 0; i < results.size(); ++i) {
    INFO(i);
    if (i == 2) {
      CHECK(results[i].status().code() == absl::StatusCode::kInternal);
    } else {
      CHECK(results[i]->state == core::ChargeState::kSucceeded);
    }
  }
  CHECK(captures() == 4);
  // It was not sent, and can still be given up as such.
  CHECK(Cancel(requests[2]).decline_code == core::kCanceled);
}

TEST_CASE_METHOD(Fixture, "what has come is recorded while the rest is waited for") {
  const std::vector<core::ChargeRequest> requests = OfCustomers(7);
  std::vector<int64_t> recorded;
  after_some = [&] { recorded.push_back(InState("succeeded")); };
  TakeAll(requests);
  CHECK(recorded == std::vector<int64_t>{4, 7});
}

TEST_CASE_METHOD(Fixture,
                 "a charge that is given up while its batch is under way is not lost sight of (R23)") {
  const std::vector<core::ChargeRequest> requests = OfCustomers(4);
  before_asking = [&] {
    before_asking = nullptr;
    REQUIRE_OK(charges.GiveUp(requests[1].account_id, requests[1].id));
  };
  for (const auto& result : TakeAll(requests)) CHECK(result->state == core::ChargeState::kSucceeded);
  // Before it was answered with a decline: whose word it was is kept.
  Answer(core::Declined{std::string(core::kActionExpired), "pi"});
  const core::ChargeRequest canceled = Request();
  before_asking = [&] {
    before_asking = nullptr;
    REQUIRE_OK(charges.GiveUp(canceled.account_id, canceled.id));
  };
  CHECK(TakeAll({canceled})[0]->decline_code == core::kCanceled);
  CHECK(metrics.charges_ended == 5);
}

TEST_CASE_METHOD(Fixture, "an answer that comes after another process has taken over changes nothing") {
  const std::vector<core::ChargeRequest> requests = OfCustomers(2);
  Answer(core::Declined{"insufficient_funds", "pi"});
  // Our lease ends while we wait; the job asks, and is told of the capture that our request made.
  before_asking = [&] {
    before_asking = nullptr;
    clock.Advance(absl::Minutes(1));
    Answer(core::Captured{});
    CHECK(*charges.AskDue() == 2);
    ForgetKeys();
    Answer(core::Declined{"insufficient_funds", "pi"});
  };
  for (const auto& result : TakeAll(requests)) CHECK(result->state == core::ChargeState::kSucceeded);
  CHECK(InState("succeeded") == 2);
  CHECK(metrics.charges_ended == 2);
}

TEST_CASE_METHOD(Fixture, "whatever is lost on the way of a batch, each is taken exactly once (R23)") {
  std::mt19937 random(7);
  const std::vector<core::ChargeRequest> requests = OfCustomers(60);
  std::vector<Trouble> troubles;
  for (int i = 0; i < 200; ++i)
    troubles.push_back(std::vector<Trouble>{Trouble::kNone, Trouble::kNotReached, Trouble::kLostRequest,
                                            Trouble::kLostAnswer}[random() % 4]);
  Plan(troubles);
  TakeAll(requests);
  CHECK(InState("succeeded") < 60);
  for (int i = 0; i < 20; ++i) {
    clock.Advance(absl::Minutes(3));
    REQUIRE_OK(charges.AskDue());
  }
  CHECK(InState("succeeded") == 60);
  CHECK(captures() == 60);
  CHECK(metrics.charges_ended == 60);
}

TEST_CASE_METHOD(Fixture, "a batch whose process was killed at any step is finished by the job, once (R23)") {
  // Between the commit and the request, and between the request and its answer.
  const std::vector<core::ChargeRequest> requests = OfCustomers(30);
  const auto opened = charges.Open(requests);
  REQUIRE_OK(opened);
  REQUIRE(opened->claimed.size() == 30);
  const auto orders = charge_store.OrdersOf(opened->claimed);
  REQUIRE_OK(orders);
  for (size_t i = 0; i < 30; i += 2) Charge(orders->orders.at(i));
  clock.Advance(absl::Seconds(10));
  CHECK(*charges.AskDue() == 0);
  for (const auto& result : TakeAll(requests)) CHECK(result->state == core::ChargeState::kPending);
  clock.Advance(absl::Seconds(10));
  CHECK(*charges.AskDue() == 30);
  CHECK(captures() == 30);
  CHECK(InState("succeeded") == 30);
}

TEST_CASE_METHOD(Fixture,
                 "the method of the last charge that succeeded is the account's last used one (R16)") {
  const auto first = AddCard("5555555555554444");
  const auto second = AddCard();
  Uuid other = ids.Next();
  std::swap(account, other);
  const auto elsewhere = AddCard();
  const core::ChargeRequest there = Request();
  std::swap(account, other);
  clock.Advance(absl::Hours(1));
  core::ChargeRequest with_second = Request();
  with_second.payment_method_id = second.id;
  core::ChargeRequest with_first = Request();
  with_first.payment_method_id = first.id;
  TakeAll({there, with_second});
  TakeAll({with_first});
  CHECK(TakeAll({Request()})[0]->payment_method_id == first.id);
  CHECK(methods.Get(Customer(), account, second.id)->last_used_at == clock.Now());
  CHECK(Count("SELECT count(*) AS n FROM gateway_accounts WHERE last_used_method IS NOT NULL") == 2);
}

}  // namespace
}  // namespace perennial::payment_token
