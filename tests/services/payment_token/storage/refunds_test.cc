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

TEST_CASE_METHOD(Fixture,
                 "a refund that the gateway refused is settled by who paid it, and only that one, once") {
  AddCard();
  const core::ChargeRequest request = Request(1000);
  Take(request);
  const auto name_of = [&](const core::RefundRequest& refund) {
    return core::RefundName{refund.account_id, refund.charge_id, refund.id};
  };
  const core::RefundRequest given = RefundOf(request, Money{"EUR", 300});
  REQUIRE_OK(charges.OpenRefund(given));
  CHECK_REFUSED(charges.SettleRefund(name_of(given), {"anna", "x"}),
                "REFUND_NOT_FAILED");  // not answered yet
  CHECK(charges.DriveRefund(given.id)->state == core::RefundState::kSucceeded);
  CHECK_REFUSED(charges.SettleRefund(name_of(given), {"anna", "x"}), "REFUND_NOT_FAILED");
  set_refuses_refunds(true);
  const core::RefundRequest refused = RefundOf(request);
  REQUIRE_OK(charges.OpenRefund(refused));
  CHECK(charges.DriveRefund(refused.id)->state == core::RefundState::kFailed);
  core::RefundName wrong = name_of(refused);
  wrong.account_id = ids.Next();
  CHECK_REFUSED(charges.SettleRefund(wrong, {"anna", "x"}), "CHARGE_NOT_FOUND");
  wrong = name_of(refused);
  wrong.charge_id = ids.Next();
  CHECK_REFUSED(charges.SettleRefund(wrong, {"anna", "x"}), "CHARGE_NOT_FOUND");
  // Another refund of the same money is on its way: it must not be given twice.
  set_refuses_refunds(false);
  Plan({Trouble::kLostRequest});
  const core::RefundRequest again = RefundOf(request, Money{"EUR", 100});
  REQUIRE_OK(charges.OpenRefund(again));
  CHECK_REFUSED(charges.SettleRefund(name_of(refused), {"anna", "x"}), "REFUND_EXCEEDS_CHARGE");
  set_refuses_refunds(true);
  RunJobs();
  CHECK(charges.DriveRefund(again.id)->state == core::RefundState::kFailed);

  const auto settled = charges.SettleRefund(name_of(refused), {"anna", "bank transfer 4711"});
  REQUIRE_OK(settled);
  CHECK(settled->state == core::RefundState::kSucceeded);
  const auto kept = charges.DriveRefund(refused.id);
  REQUIRE_OK(kept);
  CHECK(kept->state == core::RefundState::kSucceeded);
  CHECK(kept->failure_code == "charge_already_refunded");
  REQUIRE(kept->settlement);
  CHECK(kept->settlement->settled_by == "anna");
  CHECK(kept->settlement->reference == "bank transfer 4711");
  CHECK(Get(request).refunded_minor == 1000);
  CHECK_REFUSED(charges.SettleRefund(name_of(refused), {"max", "x"}), "REFUND_NOT_FAILED");
  CHECK_REFUSED(charges.OpenRefund(RefundOf(request)), "REFUND_EXCEEDS_CHARGE");
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
