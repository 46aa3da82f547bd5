#include <catch2/catch.hpp>

#include "tests/services/payment_token/world.h"

namespace perennial::payment_token {
namespace {

struct Fixture : FakeGateway, World {
  Fixture() : World(static_cast<FakeGateway&>(*this)) {}
};

TEST_CASE_METHOD(Fixture, "parallel refunds never give back more than was taken") {
  AddCard();
  const core::ChargeRequest request = Request(1000);
  Take(request);
  std::atomic<int> given = 0;
  std::atomic<int> exceeded = 0;
  InParallel(16, [&](int) {
    const core::RefundRequest refund = RefundOf(request, Money{"EUR", 300});
    const auto opened = charges.OpenRefund(refund);
    if (ReasonOf(opened.status()) == "REFUND_EXCEEDS_CHARGE") ++exceeded;
    if (opened.ok() && charges.DriveRefund(refund.id).ok()) ++given;
  });
  CHECK(given == 3);
  CHECK(exceeded == 13);
  CHECK(refunded_minor() == 900);
  CHECK(Get(request).refunded_minor == 900);
}

TEST_CASE_METHOD(Fixture,
                 "a refund without an amount gives back what is left; the same id again gives nothing more") {
  AddCard();
  const core::ChargeRequest request = Request(1000);
  Take(request);
  const core::RefundRequest part = RefundOf(request, Money{"EUR", 400});
  REQUIRE_OK(charges.OpenRefund(part));
  CHECK(charges.DriveRefund(part.id)->state == core::RefundState::kSucceeded);
  const core::RefundRequest rest = RefundOf(request);
  CHECK(charges.OpenRefund(rest)->amount.minor == 600);
  CHECK(charges.DriveRefund(rest.id)->state == core::RefundState::kSucceeded);
  CHECK(charges.OpenRefund(rest)->amount.minor == 600);
  CHECK(charges.DriveRefund(rest.id)->state == core::RefundState::kSucceeded);
  CHECK(refunded_minor() == 1000);
  CHECK_REFUSED(charges.OpenRefund(RefundOf(request)), "REFUND_EXCEEDS_CHARGE");
  core::RefundRequest other = part;
  other.amount->minor = 401;
  CHECK_REFUSED(charges.OpenRefund(other), "CHARGE_EXISTS");
  other = part;
  other.account_id = ids.Next();
  CHECK_REFUSED(charges.OpenRefund(other), "CHARGE_NOT_FOUND");
  const core::ChargeRequest unknown = Request();
  CHECK_REFUSED(charges.OpenRefund(RefundOf(unknown)), "CHARGE_NOT_FOUND");
  CHECK(metrics.refunds_ended == 2);
}

TEST_CASE_METHOD(Fixture, "a refund whose answer is lost is given once") {
  AddCard();
  const core::ChargeRequest request = Request(1000);
  Take(request);
  for (const Trouble trouble : {Trouble::kNotReached, Trouble::kLostRequest, Trouble::kLostAnswer}) {
    const core::RefundRequest refund = RefundOf(request, Money{"EUR", 100});
    REQUIRE_OK(charges.OpenRefund(refund));
    Plan({trouble});
    CHECK_FALSE(core::IsFinal(charges.DriveRefund(refund.id)->state));
    clock.Advance(absl::Seconds(10));
    CHECK(*charges.AskDue() == 1);
    CHECK(charges.DriveRefund(refund.id)->state == core::RefundState::kSucceeded);
  }
  CHECK(refunded_minor() == 300);
}

}  // namespace
}  // namespace perennial::payment_token
