#include "services/domain_mailbox/core/delivery.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "tests/support/fakes.h"

namespace perennial::domain_mailbox::core {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);

Delivery New() {
  return NewDelivery(Uuid(), Uuid(), Uuid(), {RenewMailbox{}, CivilDate(2028, 1, 1), "UTC"}, kStart);
}

rc::Gen<Outcome> AnyOutcome() {
  return rc::gen::map(rc::gen::inRange(0, 5), [](int which) -> Outcome {
    switch (which) {
      case 0:
        return Done{};
      case 1:
        return Pending{"ref"};
      case 2:
        return Rejected{Rejection::kBackEndRefused};
      case 3:
        return Retryable{};
      default:
        return Unknown{};
    }
  });
}

TEST_CASE("A new delivery is due at once and has not been tried") {
  const Delivery delivery = New();
  CHECK(delivery.state == DeliveryState::kRetryable);
  CHECK(delivery.next_attempt_at == kStart);
  CHECK(delivery.attempt_count == 0);
}

TEST_CASE("Each outcome is the state of its name") {
  CHECK(Advance(New(), Done{}, kStart).state == DeliveryState::kDone);
  CHECK(Advance(New(), Pending{"r"}, kStart).state == DeliveryState::kPending);
  CHECK(Advance(New(), Pending{"r"}, kStart).pending_reference == "r");
  CHECK(Advance(New(), Retryable{}, kStart).state == DeliveryState::kRetryable);
  CHECK(Advance(New(), Unknown{}, kStart).state == DeliveryState::kUnknown);
  const Delivery rejected = Advance(New(), Rejected{Rejection::kDomainInactive}, kStart);
  CHECK(rejected.state == DeliveryState::kRejected);
  CHECK(rejected.rejection == Rejection::kDomainInactive);
}

TEST_CASE("Only what certainly did not happen is given up (R31)") {
  const absl::Time late = kStart + kTryFor;
  CHECK(Advance(New(), Retryable{}, late - absl::Seconds(1)).state == DeliveryState::kRetryable);
  CHECK(Advance(New(), Retryable{}, late).rejection == Rejection::kAttemptsExhausted);
  CHECK(Advance(New(), Unknown{}, late).state == DeliveryState::kUnknown);
  CHECK(Advance(New(), Pending{""}, late).state == DeliveryState::kPending);
}

TEST_CASE("Pauses double from 10 seconds to an hour") {
  CHECK(PauseAfter(1) == absl::Seconds(10));
  CHECK(PauseAfter(2) == absl::Seconds(20));
  CHECK(PauseAfter(9) == absl::Seconds(2560));
  CHECK(PauseAfter(10) == absl::Hours(1));
  CHECK(PauseAfter(1'000'000) == absl::Hours(1));
}

TEST_CASE("Whatever back ends answer, a delivery is open and due, or final for ever") {
  CHECK(rc::check("state machine", [] {
    const auto outcomes = *rc::gen::container<std::vector<Outcome>>(AnyOutcome());
    Delivery delivery = New();
    absl::Time now = kStart;
    for (const Outcome& outcome : outcomes) {
      const Delivery before = delivery;
      now += absl::Seconds(*rc::gen::inRange(0, 100'000));
      delivery = Advance(delivery, outcome, now);
      if (IsFinal(before.state)) {
        RC_ASSERT(delivery.state == before.state);
        RC_ASSERT(delivery.attempt_count == before.attempt_count);
        RC_ASSERT(delivery.updated_at == before.updated_at);
        continue;
      }
      RC_ASSERT(delivery.attempt_count == before.attempt_count + 1);
      RC_ASSERT(delivery.rejection.has_value() == (delivery.state == DeliveryState::kRejected));
      RC_ASSERT(delivery.next_attempt_at.has_value() == !IsFinal(delivery.state));
      if (delivery.next_attempt_at) {
        RC_ASSERT(*delivery.next_attempt_at > now);
        RC_ASSERT(*delivery.next_attempt_at <= now + absl::Hours(1));
      }
      const bool exhausted = delivery.rejection == Rejection::kAttemptsExhausted;
      RC_ASSERT(!exhausted || std::holds_alternative<Retryable>(outcome));
    }
  }));
}

}  // namespace
}  // namespace perennial::domain_mailbox::core
