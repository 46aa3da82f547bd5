#include "services/billing/core/reconciliation.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <functional>

namespace perennial::billing::core {
namespace {

using Kinds = std::vector<DifferenceKind>;

const Money kTotal{"EUR", 11'900};

Movement Agreed(MovementKind kind) {
  Movement movement;
  movement.kind = kind;
  movement.gateway = movement.charge = movement.document = kTotal;
  movement.ledger_cash_minor = movement.ledger_claim_minor = kTotal.minor;
  if (kind == MovementKind::kCapture) {
    movement.order = OrderStanding::kApplied;
    movement.order_total = kTotal;
    movement.order_has_term = true;
  }
  return movement;
}

Kinds After(MovementKind kind, const std::function<void(Movement&)>& tamper) {
  Movement movement = Agreed(kind);
  tamper(movement);
  return DifferencesOf(movement);
}

}  // namespace

TEST_CASE("What all sides tell alike is no difference") {
  CHECK(DifferencesOf(Agreed(MovementKind::kCapture)).empty());
  CHECK(DifferencesOf(Agreed(MovementKind::kRefund)).empty());
}

TEST_CASE("A side that is missing is named by the way the money went") {
  using K = DifferenceKind;
  const auto capture = [](auto tamper) { return After(MovementKind::kCapture, tamper); };
  const auto refund = [](auto tamper) { return After(MovementKind::kRefund, tamper); };
  CHECK(capture([](Movement& m) { m.charge.reset(); }) == Kinds{K::kCapturedWithoutCharge});
  CHECK(capture([](Movement& m) { m.gateway.reset(); }) == Kinds{K::kChargeWithoutCapture});
  CHECK(capture([](Movement& m) { m.document.reset(); }) == Kinds{K::kCapturedWithoutInvoice});
  CHECK(capture([](Movement& m) { m.order = OrderStanding::kMissing; }) == Kinds{K::kCapturedWithoutOrder});
  CHECK(capture([](Movement& m) { m.order = OrderStanding::kFailed; }) == Kinds{K::kCapturedForFailedOrder});
  CHECK(capture([](Movement& m) { m.order_has_term = false; }) == Kinds{K::kPaidOrderWithoutTerm});
  CHECK(capture([](Movement& m) { m.gateway = m.charge = std::nullopt; }) ==
        Kinds{K::kInvoiceWithoutCapture, K::kPaidOrderWithoutCapture});
  CHECK(refund([](Movement& m) { m.charge.reset(); }) == Kinds{K::kGatewayRefundWithoutOurs});
  CHECK(refund([](Movement& m) { m.gateway.reset(); }) == Kinds{K::kRefundNotAtGateway});
  CHECK(refund([](Movement& m) { m.document.reset(); }) == Kinds{K::kRefundWithoutCreditNote});
  CHECK(refund([](Movement& m) { m.gateway = m.charge = std::nullopt; }) ==
        Kinds{K::kCreditNoteWithoutRefund});
}

TEST_CASE("What a person paid need not be at the gateway, and there it is nobody's else (R31)") {
  const auto refund = [](auto tamper) { return After(MovementKind::kRefund, tamper); };
  const auto by_hand = [](Movement& m) {
    m.gateway.reset();
    m.is_settled_by_hand = true;
  };
  CHECK(refund(by_hand).empty());
  CHECK(refund([&](Movement& m) {
          by_hand(m);
          m.document.reset();
        }) == Kinds{DifferenceKind::kRefundWithoutCreditNote});
  CHECK(refund([](Movement& m) {
          m.charge = m.document = std::nullopt;
          m.is_settlement = true;
        }).empty());
}

TEST_CASE("Either entry of a document that is missing or short is a difference") {
  for (const auto kind : {MovementKind::kCapture, MovementKind::kRefund}) {
    for (const std::optional<int64_t> amount : {std::optional<int64_t>(), std::optional<int64_t>(11'899)}) {
      CHECK(After(kind, [&](Movement& m) { m.ledger_cash_minor = amount; }) ==
            Kinds{DifferenceKind::kDocumentWithoutLedgerEntry});
      CHECK(After(kind, [&](Movement& m) { m.ledger_claim_minor = amount; }) ==
            Kinds{DifferenceKind::kDocumentWithoutLedgerEntry});
    }
  }
}

TEST_CASE("An order under way, one not asked about, and those of a deleted account are no difference") {
  for (const OrderStanding standing :
       {OrderStanding::kOpen, OrderStanding::kUnknown, OrderStanding::kRefunded})
    CHECK(After(MovementKind::kCapture, [&](Movement& m) { m.order = standing; }).empty());
  CHECK(After(MovementKind::kCapture, [](Movement& m) {
          m.order = OrderStanding::kMissing;
          m.account_deleted = true;
        }).empty());
}

TEST_CASE("A cent or a currency on any side is seen") {
  CHECK(rc::check("amounts", [] {
    Movement movement = Agreed(MovementKind::kCapture);
    std::optional<Money>* const sides[] = {&movement.gateway, &movement.charge, &movement.document,
                                           &movement.order_total};
    Money& side = **sides[*rc::gen::inRange(0, 4)];
    if (*rc::gen::arbitrary<bool>()) {
      side.currency = "USD";
    } else {
      side.minor += *rc::gen::nonZero<int32_t>();
    }
    const Kinds found = DifferencesOf(movement);
    RC_ASSERT(std::count(found.begin(), found.end(), DifferenceKind::kAmountDiffers) == 1);
  }));
}

TEST_CASE("Each difference has a name of its own") {
  for (const DifferenceKind kind : kDifferenceKinds) CHECK(DifferenceKindOf(NameOf(kind)) == kind);
  CHECK_FALSE(DifferenceKindOf("fine"));
}

}  // namespace perennial::billing::core
