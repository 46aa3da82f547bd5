#include <catch2/catch.hpp>

#include "services/payment_token/core/card_limits.h"
#include "tests/services/payment_token/world.h"

namespace perennial::payment_token {
namespace {

struct Fixture : FakeGateway, World {
  Fixture() : World(static_cast<FakeGateway&>(*this)) {}

  core::Charge OnSession() {
    core::ChargeRequest request = Request();
    request.off_session = false;
    return Take(request);
  }
};

constexpr absl::Duration kDay = absl::Hours(24);

TEST_CASE_METHOD(Fixture,
                 "a card that was declined too often is not sent again before its network allows it (R17)") {
  AddCard();
  Answer(core::Declined{"insufficient_funds", "pi"});
  const absl::Time begin = clock.Now();
  for (int i = 0; i < 18; ++i) CHECK(Take(Request()).decline_code == "insufficient_funds");
  clock.Advance(absl::Hours(1));
  const core::ChargeRequest request = Request();
  const core::Charge refused = Take(request);
  CHECK(refused.state == core::ChargeState::kDeclined);
  CHECK(refused.decline_code == "card_attempts_exhausted");
  CHECK(refused.decline_class == core::DeclineClass::kSoft);
  CHECK(refused.retry_at == begin + 30 * kDay);
  CHECK(Get(request).retry_at == refused.retry_at);
  CHECK(charge_requests() == 18);
  // What was not sent does not count, and the last two are the customer's.
  CHECK(OnSession().decline_code == "insufficient_funds");
  CHECK(OnSession().decline_code == "insufficient_funds");
  CHECK(OnSession().decline_code == "card_attempts_exhausted");
  CHECK(charge_requests() == 20);
  // Another card is another card, and the same one entered anew is the same.
  clock.Advance(absl::Seconds(1));
  AddCard("5555555555554444");
  CHECK(Take(Request()).decline_code == "insufficient_funds");
  AddCard();
  CHECK(Take(Request()).decline_code == "card_attempts_exhausted");
  clock.Set(begin + 30 * kDay);
  CHECK(Take(Request()).decline_code == "insufficient_funds");
}

TEST_CASE_METHOD(Fixture,
                 "more renewals than a card may be tried, due at once, are all charged within the hour") {
  AddCard();
  std::vector<core::ChargeRequest> requests;
  for (int i = 0; i < 40; ++i) requests.push_back(Request());
  int rounds = 0;
  for (; !requests.empty(); ++rounds) {
    REQUIRE(rounds < 4);
    const absl::Time now = clock.Now();
    size_t postponed = 0;
    for (const auto& charge : TakeAll(requests)) {
      if (charge->state == core::ChargeState::kSucceeded) continue;
      ++postponed;
      CHECK(charge->decline_code == "card_attempts_exhausted");
      CHECK(charge->retry_at == now + core::kOutcomesKnown);
    }
    requests.clear();
    for (size_t i = 0; i < postponed; ++i) requests.push_back(Request());
    clock.Advance(core::kOutcomesKnown);
  }
  CHECK(rounds == 3);
  CHECK(captures() == 40);
}

TEST_CASE_METHOD(Fixture, "what was captured, and what never reached the gateway, wears no card out") {
  AddCard();
  for (int i = 0; i < 30; ++i) CHECK(Take(Request()).state == core::ChargeState::kSucceeded);
  for (int i = 0; i < 25; ++i) {
    const core::ChargeRequest request = Request();
    Plan({Trouble::kNotReached});
    Take(request);
    CHECK(Cancel(request).decline_code == "canceled");
  }
  CHECK(Take(Request()).state == core::ChargeState::kSucceeded);
}

TEST_CASE_METHOD(Fixture, "a card has its limits once, in however many accounts it is held (R17)") {
  Answer(core::Declined{"insufficient_funds", "pi"});
  AddCard();
  for (int i = 0; i < 9; ++i) CHECK(Take(Request()).decline_code == "insufficient_funds");
  account = ids.Next();
  AddCard();
  for (int i = 0; i < 9; ++i) CHECK(Take(Request()).decline_code == "insufficient_funds");
  CHECK(Take(Request()).decline_code == "card_attempts_exhausted");
  // Another card does not count.
  AddCard("5555555555554444");
  CHECK(Take(Request()).decline_code == "insufficient_funds");
  CHECK(charge_requests() == 19);
}

TEST_CASE_METHOD(
    Fixture, "what waits for somebody's answer counts in all accounts, and no more once it was cancelled") {
  Answer(core::ActionRequired{"https://bank", ""});
  AddCard();
  std::vector<core::ChargeRequest> challenges;
  for (int i = 0; i < 20; ++i) {
    challenges.push_back(Request());
    challenges.back().off_session = false;
    CHECK(Take(challenges.back()).state == core::ChargeState::kRequiresAction);
  }
  account = ids.Next();
  AddCard();
  Answer(core::Captured{""});
  CHECK(Take(Request()).retry_at == clock.Now() + core::kOutcomesKnown);
  for (const core::ChargeRequest& challenge : challenges) CHECK(Cancel(challenge).decline_code == "canceled");
  CHECK(Take(Request()).state == core::ChargeState::kSucceeded);
}

TEST_CASE_METHOD(Fixture, "a batch counts a card once over all accounts that hold it") {
  Answer(core::Declined{"do_not_honor", "pi"});
  std::vector<core::ChargeRequest> requests;
  for (int i = 0; i < 30; ++i) {
    account = ids.Next();
    AddCard();
    requests.push_back(Request());
  }
  int exhausted = 0;
  for (const auto& charge : TakeAll(requests)) exhausted += charge->decline_code == "card_attempts_exhausted";
  CHECK(exhausted == 12);
  CHECK(charge_requests() == 18);
}

TEST_CASE_METHOD(Fixture, "charges of one card that are opened at once in many accounts count each other") {
  Answer(core::Declined{"do_not_honor", "pi"});
  std::vector<core::ChargeRequest> requests;
  for (int i = 0; i < 30; ++i) {
    account = ids.Next();
    AddCard();
    requests.push_back(Request());
  }
  std::atomic<int> exhausted = 0;
  InParallel(30, [&](int i) {
    absl::StatusOr<core::Charge> opened;
    const absl::Status done = postgres.database().Transact([&]() -> absl::Status {
      opened = Open(requests[static_cast<size_t>(i)]);
      return opened.status();
    });
    if (done.ok() && opened->decline_code == "card_attempts_exhausted") ++exhausted;
  });
  CHECK(exhausted == 12);
}

TEST_CASE_METHOD(Fixture, "charges of one card that are opened at once count each other") {
  AddCard();
  Answer(core::Declined{"do_not_honor", "pi"});
  std::atomic<int> exhausted = 0;
  InParallel(30, [&](int) {
    const core::ChargeRequest request = Request();
    // As the RPC's commit: in one transaction.
    absl::StatusOr<core::Charge> opened;
    const absl::Status done = postgres.database().Transact([&]() -> absl::Status {
      opened = Open(request);
      return opened.status();
    });
    if (done.ok() && opened->decline_code == "card_attempts_exhausted") ++exhausted;
  });
  CHECK(exhausted == 12);
}

}  // namespace
}  // namespace perennial::payment_token
