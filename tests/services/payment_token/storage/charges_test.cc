#include <catch2/catch.hpp>
#include <thread>

#include "absl/synchronization/notification.h"
#include "tests/services/payment_token/world.h"

namespace perennial::payment_token {
namespace {

struct Fixture : FakeGateway, World {
  Fixture() : World(static_cast<FakeGateway&>(*this)) {}
};

TEST_CASE_METHOD(Fixture, "a charge is taken once, however often it is asked for (R23)") {
  const auto method = AddCard();
  const core::ChargeRequest request = Request();
  const core::Charge charge = Take(request);
  CHECK(charge.state == core::ChargeState::kSucceeded);
  CHECK(charge.payment_method_id == method.id);
  CHECK(charge.payment_description == "Visa •••• 4242");
  CHECK_FALSE(charge.gateway_reference.empty());
  CHECK(Take(request).gateway_reference == charge.gateway_reference);
  CHECK(Get(request).gateway_reference == charge.gateway_reference);
  CHECK(charge_requests() == 1);
  CHECK(metrics.charges_ended == 1);
}

TEST_CASE_METHOD(Fixture, "sixteen callers of one charge at once make one capture (R23)") {
  AddCard();
  const core::ChargeRequest request = Request();
  std::atomic<int> refused = 0;
  InParallel(16, [&](int) {
    if (!TryTake(request).ok()) ++refused;
  });
  CHECK(refused == 0);
  CHECK(captures() == 1);
  CHECK(charge_requests() == 1);
  CHECK(Get(request).state == core::ChargeState::kSucceeded);
  CHECK(metrics.charges_ended == 1);
  CHECK(Count("SELECT count(*) AS n FROM charges") == 1);
}

TEST_CASE_METHOD(Fixture, "what one process asks about no other does, until it answers or its lease ends") {
  AddCard();
  const core::ChargeRequest request = Request();
  REQUIRE_OK(Open(request));
  const absl::Time begin = clock.Now() + absl::Seconds(20);  // Open's own claim ends
  const auto claim = [&](absl::Time now) { return Claim(request, now).has_value(); };
  CHECK(claim(begin));
  CHECK_FALSE(claim(begin + absl::Seconds(19)));
  CHECK(claim(begin + absl::Seconds(20)));
  clock.Advance(absl::Minutes(2));
  CHECK(Get(request).state == core::ChargeState::kSucceeded);
  CHECK_FALSE(claim(clock.Now() + absl::Hours(1)));

  const core::RefundRequest refund = RefundOf(request);
  REQUIRE_OK(charges.OpenRefund(refund));
  const auto claim_refund = [&](absl::Time now) {
    const auto order =
        charge_store.ClaimRefund(refund.id, now, now + absl::Seconds(20),
                                 [&](const core::Refund& r) { return core::BeforeAsking(r, now); });
    REQUIRE_OK(order);
    return order->has_value();
  };
  CHECK(claim_refund(begin));
  CHECK_FALSE(claim_refund(begin + absl::Seconds(19)));
  CHECK(claim_refund(begin + absl::Seconds(20)));
}

TEST_CASE_METHOD(Fixture, "the name of a charge belongs to one amount, order and method for ever") {
  AddCard();
  const core::ChargeRequest request = Request();
  Take(request);
  core::ChargeRequest other = request;
  other.amount.minor = 2000;
  CHECK_REFUSED(Open(other), "CHARGE_EXISTS");
  other = request;
  other.order_id = ids.Next();
  CHECK_REFUSED(Open(other), "CHARGE_EXISTS");
  other = request;
  other.payment_method_id = ids.Next();
  CHECK_REFUSED(Open(other), "CHARGE_EXISTS");
  other = request;
  other.account_id = ids.Next();
  CHECK_REFUSED(Open(other), "CHARGE_EXISTS");
  CHECK_REFUSED(Drive(ids.Next(), request.id), "CHARGE_NOT_FOUND");
}

TEST_CASE_METHOD(Fixture, "a charge stays with the method it was pinned to") {
  const auto first = AddCard("4242424242424242");
  const core::ChargeRequest request = Request();
  REQUIRE_OK(Open(request));
  AddCard("5555555555554444");
  CHECK(Take(request).payment_method_id == first.id);
}

TEST_CASE_METHOD(Fixture,
                 "a decline is a state with its code and class, and the next attempt is another charge") {
  AddCard();
  Answer(core::Declined{"insufficient_funds", ""});
  const core::Charge declined = Take(Request());
  CHECK(declined.state == core::ChargeState::kDeclined);
  CHECK(declined.decline_code == "insufficient_funds");
  CHECK(declined.decline_class == core::DeclineClass::kSoft);
  Answer(core::Captured{});
  CHECK(Take(Request()).state == core::ChargeState::kSucceeded);
}

TEST_CASE_METHOD(Fixture, "a challenge that the customer answers ends as a capture (R24)") {
  AddCard();
  Answer(core::ActionRequired{"https://bank", ""});
  const core::ChargeRequest request = Request();
  const core::Charge waiting = Take(request);
  CHECK(waiting.state == core::ChargeState::kRequiresAction);
  Confirm(waiting.gateway_reference, 1999);
  clock.Advance(absl::Seconds(3));
  CHECK(Get(request).state == core::ChargeState::kSucceeded);
  CHECK(captures() == 1);
}

TEST_CASE_METHOD(Fixture, "a challenge that nobody answers is taken back after a day") {
  AddCard();
  Answer(core::ActionRequired{"https://bank", ""});
  const core::ChargeRequest request = Request();
  CHECK(Take(request).state == core::ChargeState::kRequiresAction);
  clock.Advance(absl::Hours(24));
  CHECK(*charges.AskDue() == 1);
  CHECK(canceled() == 1);
  CHECK(Get(request).decline_class == core::DeclineClass::kCustomerAction);
  CHECK(*charges.AskDue() == 0);
}

TEST_CASE_METHOD(Fixture, "a charge that is given up and surely did not arrive is never sent again (R23)") {
  AddCard();
  const core::ChargeRequest request = Request();
  Plan({Trouble::kNotReached});
  CHECK(Take(request).state == core::ChargeState::kPending);
  CHECK(Cancel(request).decline_code == core::kCanceled);
  CHECK(Take(request).decline_code == core::kCanceled);
  RunJobs();
  CHECK(charge_requests() == 1);
  CHECK(captures() == 0);
  CHECK(metrics.charges_ended == 1);
  CHECK_REFUSED(charges.GiveUp(ids.Next(), request.id), "CHARGE_NOT_FOUND");
  CHECK_REFUSED(charges.GiveUp(account, ids.Next()), "CHARGE_NOT_FOUND");
}

TEST_CASE_METHOD(Fixture,
                 "a challenge that is given up is cancelled at the gateway; what was taken stays taken") {
  AddCard();
  const core::ChargeRequest taken = Request();
  Take(taken);
  CHECK(Cancel(taken).state == core::ChargeState::kSucceeded);
  Answer(core::ActionRequired{"https://bank", ""});
  const core::ChargeRequest waiting = Request();
  Take(waiting);
  CHECK(Cancel(waiting).decline_code == core::kCanceled);
  CHECK(canceled() == 1);
  // The customer confirmed, and we were not told yet.
  const core::ChargeRequest confirmed = Request();
  Confirm(Take(confirmed).gateway_reference, 1999);
  CHECK(Cancel(confirmed).state == core::ChargeState::kSucceeded);
  CHECK(canceled() == 1);
}

TEST_CASE_METHOD(Fixture,
                 "a charge whose answer was lost is found before it is given up, never sent again (R23)") {
  AddCard();
  const core::ChargeRequest taken = Request();
  Plan({Trouble::kLostAnswer});
  Take(taken);
  CHECK(Cancel(taken).state == core::ChargeState::kSucceeded);
  Answer(core::ActionRequired{"https://bank", ""});
  const core::ChargeRequest waiting = Request();
  Plan({Trouble::kLostAnswer});
  Take(waiting);
  CHECK(Cancel(waiting).decline_code == core::kCanceled);
  CHECK(canceled() == 1);
  const core::ChargeRequest lost = Request();
  Plan({Trouble::kLostRequest});
  Take(lost);
  CHECK(Cancel(lost).state == core::ChargeState::kUnknown);
  clock.Advance(absl::Hours(48));
  CHECK(*charges.AskDue() == 1);
  CHECK(Get(lost).decline_code == core::kCanceled);
  CHECK(charge_requests() == 3);
}

TEST_CASE_METHOD(Fixture,
                 "a giving up that is killed, or that the gateway does not answer, is finished by the job") {
  AddCard();
  Answer(core::ActionRequired{"https://bank", ""});
  const core::ChargeRequest killed = Request();
  Take(killed);
  REQUIRE_OK(charges.GiveUp(account, killed.id));
  clock.Advance(absl::Seconds(5));
  CHECK(*charges.AskDue() == 1);
  CHECK(Get(killed).decline_code == core::kCanceled);
  const core::ChargeRequest unanswered = Request();
  Take(unanswered);
  Plan({Trouble::kLostRequest});
  CHECK(Cancel(unanswered).state == core::ChargeState::kUnknown);
  clock.Advance(absl::Minutes(1));
  CHECK(*charges.AskDue() == 1);
  CHECK(Get(unanswered).decline_code == core::kCanceled);
  CHECK(canceled() == 2);
}

TEST_CASE_METHOD(Fixture, "who gives up a charge that another process is sending leaves it the last word") {
  AddCard();
  const core::ChargeRequest request = Request();
  const auto opened = charges.Open({request});
  REQUIRE_OK(opened);
  const absl::Time now = clock.Now();
  const auto orders = charge_store.OrdersOf(opened->claimed);
  REQUIRE_OK(orders);
  const ChargeOrder* order = &orders->orders.at(0);
  CHECK(Cancel(request).state == core::ChargeState::kUnknown);
  CHECK(Get(request).state == core::ChargeState::kUnknown);
  const core::ChargeOutcome outcome = Charge(*order);
  REQUIRE_OK(charge_store.Update(
      request.id, [&](const core::Charge& charge, bool) { return core::Apply(charge, outcome, now); }));
  CHECK(Get(request).state == core::ChargeState::kSucceeded);
  CHECK(charge_requests() == 1);
}

// Every way a request can go wrong, up to three in a row, with and without a process that dies in between.
TEST_CASE_METHOD(Fixture, "whatever is lost on the way, the money is taken exactly once (R23)") {
  AddCard();
  const std::vector<Trouble> all = {Trouble::kNone, Trouble::kNotReached, Trouble::kLostRequest,
                                    Trouble::kLostAnswer};
  int expected = 0;
  for (const Trouble first : all) {
    for (const Trouble second : all) {
      for (const Trouble third : all) {
        const core::ChargeRequest request = Request();
        Plan({first, second, third});
        Take(request);
        for (int i = 0; i < 4; ++i) {
          clock.Advance(absl::Seconds(25));
          Get(request);
        }
        Plan({});
        ++expected;
        INFO("troubles " << int(first) << int(second) << int(third));
        CHECK(Get(request).state == core::ChargeState::kSucceeded);
        CHECK(captures() == expected);
      }
    }
  }
  CHECK(metrics.charges_ended == expected);
}

TEST_CASE_METHOD(Fixture, "the clock is not moved while a charge is on its way to the gateway (R23, R36)") {
  AddCard();
  const core::ChargeRequest request = Request();
  std::thread other;
  absl::Notification asked;
  OnTheWay([&] {
    // It has not arrived yet. Who asks two days later must not find that it never will.
    other = std::thread([&] {
      MoveClock(absl::Hours(49));
      if (!charges.AskDue().ok()) std::abort();
      asked.Notify();
    });
    asked.WaitForNotificationWithTimeout(absl::Milliseconds(500));
  });
  CHECK(Take(request).state == core::ChargeState::kSucceeded);
  other.join();
  CHECK(Get(request).state == core::ChargeState::kSucceeded);
  CHECK(captures() == 1);
}

TEST_CASE_METHOD(Fixture,
                 "who opened a charge and comes to it after its lease leaves it to the others (R23)") {
  AddCard();
  const core::ChargeRequest given_up_by_others = Request();
  auto opened = charges.Open({given_up_by_others});
  REQUIRE_OK(opened);
  MoveClock(absl::Hours(49));
  CHECK(*charges.AskDue() == 1);
  auto driven = charges.Drive({{account, given_up_by_others.id}}, std::move(opened->claimed));
  REQUIRE_OK(driven);
  CHECK((*driven)[0]->decline_code == core::kNeverReceived);

  const core::ChargeRequest asked_by_others = Request();
  opened = charges.Open({asked_by_others});
  REQUIRE_OK(opened);
  MoveClock(absl::Seconds(20));
  REQUIRE(Claim(asked_by_others, clock.Now()));
  REQUIRE_OK(charges.Drive({{account, asked_by_others.id}}, std::move(opened->claimed)));
  CHECK(charge_requests() == 0);

  const core::ChargeRequest left_alone = Request();
  opened = charges.Open({left_alone});
  REQUIRE_OK(opened);
  MoveClock(absl::Seconds(20));
  driven = charges.Drive({{account, left_alone.id}}, std::move(opened->claimed));
  REQUIRE_OK(driven);
  CHECK((*driven)[0]->state == core::ChargeState::kSucceeded);
  CHECK(captures() == 1);
}

TEST_CASE_METHOD(Fixture, "a process killed at any step leaves a charge that the job finishes once (R23)") {
  AddCard();
  // Killed between the commit and the request, and between the request and its answer.
  for (const bool arrived : {false, true}) {
    const core::ChargeRequest request = Request();
    const auto opened = charges.Open({request});
    REQUIRE_OK(opened);
    if (arrived) Charge(charge_store.OrdersOf(opened->claimed)->orders.at(0));
    clock.Advance(absl::Seconds(10));
    CHECK(*charges.AskDue() == 0);  // leased: its caller may still be at it
    clock.Advance(absl::Seconds(10));
    CHECK(*charges.AskDue() == 1);
    CHECK(Get(request).state == core::ChargeState::kSucceeded);
  }
  CHECK(captures() == 2);
}

TEST_CASE_METHOD(Fixture,
                 "a lost answer is found after the gateway forgot the key, not charged again (R23)") {
  AddCard();
  const core::ChargeRequest request = Request();
  Plan({Trouble::kLostAnswer});
  CHECK(Take(request).state == core::ChargeState::kUnknown);
  ForgetKeys();
  clock.Advance(absl::Hours(25));
  CHECK(*charges.AskDue() == 1);
  CHECK(Get(request).state == core::ChargeState::kSucceeded);
  CHECK(captures() == 1);
  CHECK(charge_requests() == 1);
}

TEST_CASE_METHOD(Fixture, "a lost request that the gateway never had ends as a soft decline after two days") {
  AddCard();
  const core::ChargeRequest request = Request();
  Plan({Trouble::kLostRequest});
  CHECK(Take(request).state == core::ChargeState::kUnknown);
  clock.Advance(absl::Hours(49));
  CHECK(*charges.AskDue() == 1);
  const core::Charge charge = Get(request);
  CHECK(charge.decline_code == core::kNeverReceived);
  CHECK(charge.decline_class == core::DeclineClass::kSoft);
  CHECK(captures() == 0);
}

TEST_CASE_METHOD(Fixture, "unknown charges are counted, and asked about ever more rarely") {
  AddCard();
  const core::ChargeRequest request = Request();
  Plan(std::vector<Trouble>(100, Trouble::kLostAnswer));
  CHECK(Take(request).state == core::ChargeState::kUnknown);
  CHECK(*charges.AskDue() == 0);
  CHECK(metrics.unknown == 1);
  int asked = 0;
  for (int minute = 0; minute < 60; ++minute) {
    clock.Advance(absl::Minutes(1));
    asked += *charges.AskDue();
  }
  CHECK(asked > 3);
  CHECK(asked < 12);
  CHECK(captures() == 1);
}

TEST_CASE_METHOD(Fixture, "a caller that asks all the time does not ask the gateway all the time") {
  AddCard();
  const core::ChargeRequest request = Request();
  Plan(std::vector<Trouble>(100, Trouble::kLostRequest));
  Take(request);
  for (int i = 0; i < 20; ++i) Get(request);
  CHECK(charge_requests() == 1);
}

TEST_CASE_METHOD(Fixture,
                 "a token that does not open holds up its own charge only, neither others nor refunds") {
  const auto broken = AddCard("5555555555554444");
  AddCard("4242424242424242");
  const core::ChargeRequest taken = Request();
  Take(taken);
  core::ChargeRequest stuck = Request();
  stuck.payment_method_id = broken.id;
  const core::ChargeRequest good = Request();
  const core::RefundRequest refund = RefundOf(taken);
  REQUIRE_OK(Open(stuck));
  REQUIRE_OK(Open(good));
  REQUIRE_OK(charges.OpenRefund(refund));
  REQUIRE_OK(postgres.database().Query(
      "UPDATE payment_methods SET token = 'unreadable' WHERE payment_method_id = $1", broken.id));
  clock.Advance(absl::Seconds(20));
  CHECK(*charges.AskDue() == 2);
  CHECK(metrics.could_not_ask == 1);
  CHECK(Get(good).state == core::ChargeState::kSucceeded);
  CHECK(charges.DriveRefund(refund.id)->state == core::RefundState::kSucceeded);
  CHECK(*charges.AskDue() == 0);
  CHECK(metrics.could_not_ask == 1);  // rests
  clock.Advance(absl::Hours(1));
  CHECK(*charges.AskDue() == 0);
  CHECK(metrics.could_not_ask == 2);
}

TEST_CASE_METHOD(Fixture, "the books list every charge with its refunds, oldest first, page by page") {
  AddCard();
  std::vector<Uuid> taken;
  for (int i = 0; i < 5; ++i) {
    clock.Advance(absl::Seconds(1));
    const core::ChargeRequest request = Request(1000 + i);
    Take(request);
    taken.push_back(request.id);
    if (i % 2 == 0) REQUIRE_OK(charges.OpenRefund(RefundOf(request, Money{"EUR", 10})));
  }
  std::vector<Uuid> listed;
  std::optional<PagePosition> after;
  while (true) {
    const auto page = charges.Books(std::nullopt, after, 2);
    REQUIRE_OK(page);
    if (page->empty()) break;
    for (const ChargeBook& book : *page) {
      CHECK(book.refunds.size() == (listed.size() % 2 == 0 ? 1 : 0));
      listed.push_back(book.charge.request.id);
    }
    after = PagePosition{page->back().charge.created_at, page->back().charge.request.id};
  }
  CHECK(listed == taken);
  CHECK(charges.Books(ids.Next(), std::nullopt, 10)->empty());
}

}  // namespace
}  // namespace perennial::payment_token
