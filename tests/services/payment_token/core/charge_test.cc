#include "services/payment_token/core/charge.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "services/payment_token/core/refund.h"
#include "tests/support/fakes.h"
#include "tests/support/status_matchers.h"

namespace perennial::payment_token::core {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);

PaymentMethod Visa() {
  PaymentMethod method;
  method.id = testing::CountingIds().Next();
  method.card.brand = CardBrand::kVisa;
  method.card.last_four = "4242";
  return method;
}

ChargeRequest Request(int64_t minor = 1999) {
  testing::CountingIds ids;
  return {ids.Next(), ids.Next(), ids.Next(), std::nullopt, {"EUR", minor}, true, "Gold"};
}

Charge Open() {
  const PaymentMethod method = Visa();
  return OpenCharge(Request(), &method, kStart);
}

Charge Asked(absl::Time at = kStart) {
  return BeforeAsking(Open(), at);
}

Charge CapturedCharge(int64_t minor) {
  const PaymentMethod method = Visa();
  return Apply(BeforeAsking(OpenCharge(Request(minor), &method, kStart), kStart), Captured{"pi_1"}, kStart);
}

RefundRequest RefundOf(const Charge& charge, std::optional<Money> amount) {
  return {charge.request.id, charge.request.account_id, charge.request.id, std::move(amount)};
}

TEST_CASE("a charge without a payment method is over before it begins (R16)") {
  const Charge charge = OpenCharge(Request(), nullptr, kStart);
  CHECK(charge.state == ChargeState::kNoPaymentMethod);
  CHECK(Next(charge, false, kStart) == NextStep::kNothing);
  CHECK_FALSE(charge.next_ask_at.has_value());
}

TEST_CASE(
    "charges opened together count each other, and what was tried before, as one after the other (R17)") {
  CHECK(rc::check("never more than the card bears", [] {
    const size_t before = *rc::gen::inRange<size_t>(0, 25);
    const size_t wanted = *rc::gen::inRange<size_t>(0, 40);
    const bool off_session = *rc::gen::arbitrary<bool>();
    CardTries tries{.declined = std::vector<absl::Time>(before, kStart - absl::Hours(1)), .open = {}};
    size_t sent = 0;
    for (size_t i = 0; i < wanted; ++i) {
      ChargeRequest request = Request();
      request.off_session = off_session;
      const Charge charge = OpenWithinLimits(request, Visa(), tries, kStart);
      RC_ASSERT((charge.state == ChargeState::kPending) == charge.next_ask_at.has_value());
      RC_ASSERT(charge.retry_at.has_value() == (charge.state == ChargeState::kDeclined));
      sent += charge.state == ChargeState::kPending ? 1 : 0;
    }
    const size_t borne = off_session ? 18 : 20;
    RC_ASSERT(sent == std::min(wanted, borne - std::min(borne, before)));
    RC_ASSERT(tries.open.size() == sent);
  }));
}

TEST_CASE("amounts are within the gateway's bounds") {
  CHECK(CheckChargeAmount({"EUR", 50}).ok());
  CHECK(CheckChargeAmount({"USD", 99'999'999}).ok());
  for (const int64_t minor :
       {int64_t{49}, int64_t{0}, int64_t{-1}, int64_t{100'000'000}, INT64_MIN, INT64_MAX})
    CHECK_REFUSED(CheckChargeAmount({"EUR", minor}), "AMOUNT_INVALID");
  CHECK(CheckChargeAmount({"JPY", 50}).ok());
  CHECK_REFUSED(CheckChargeAmount({"JPY", 49}), "AMOUNT_INVALID");
  CHECK_REFUSED(CheckChargeAmount({"KWD", 5000}), "CURRENCY_NOT_OFFERED");
}

TEST_CASE("each outcome becomes its state") {
  CHECK(Apply(Asked(), Captured{"pi_1"}, kStart).state == ChargeState::kSucceeded);
  const Charge declined = Apply(Asked(), Declined{"stolen_card", "pi_1"}, kStart);
  CHECK(declined.state == ChargeState::kDeclined);
  CHECK(declined.decline_class == DeclineClass::kHard);
  CHECK(declined.gateway_reference == "pi_1");
  const Charge action = Apply(Asked(), ActionRequired{"https://bank", "pi_1"}, kStart);
  CHECK(action.state == ChargeState::kRequiresAction);
  CHECK(action.action_url == "https://bank");
  CHECK(Next(action, false, kStart) == NextStep::kAskReference);
  CHECK(Apply(action, Captured{"pi_1"}, kStart).action_url.empty());
  CHECK(Apply(Asked(), OutcomeUnknown{}, kStart).state == ChargeState::kUnknown);
  CHECK(Apply(Asked(), Rejected{"resource_missing"}, kStart).decline_class == DeclineClass::kHard);
}

TEST_CASE("a challenge whose state cannot be had now still waits for the customer") {
  const Charge action = Apply(Asked(), ActionRequired{"https://bank", "pi_1"}, kStart);
  CHECK(Apply(action, OutcomeUnknown{}, kStart).state == ChargeState::kRequiresAction);
}

TEST_CASE("a key is trusted for 23 hours; after that a charge is looked for, never sent") {
  const Charge unknown = Apply(Asked(), OutcomeUnknown{}, kStart);
  CHECK(Next(unknown, false, kStart + absl::Hours(22)) == NextStep::kSend);
  CHECK(Next(unknown, false, kStart + absl::Hours(23)) == NextStep::kSearch);
  CHECK(Next(unknown, false, kStart + absl::Hours(9000)) == NextStep::kSearch);
}

TEST_CASE(
    "what cannot be found is declined only once nobody can be sending it, by a clock a day behind either") {
  const Charge unknown = Apply(Asked(), OutcomeUnknown{}, kStart);
  CHECK(Next(unknown, false, kStart + absl::Hours(23) - absl::Seconds(1)) == NextStep::kSend);
  CHECK(Apply(unknown, NotThere{}, kStart + absl::Hours(23 + 24)).state == ChargeState::kUnknown);
  const Charge ended = Apply(unknown, NotThere{}, kStart + absl::Hours(48));
  CHECK(ended.state == ChargeState::kDeclined);
  CHECK(ended.decline_code == kNeverReceived);
}

TEST_CASE(
    "a method removed before the charge was sent is not charged; after, the charge is not stopped (R22)") {
  CHECK(Next(Open(), true, kStart) == NextStep::kEnd);
  CHECK(EndUnsent(Open(), true, kStart).decline_code == kMethodRemoved);
  // Whether it arrived is found out without sending it: if it did not, it is not to be charged any more.
  CHECK(Next(Asked(), true, kStart) == NextStep::kSearch);
}

TEST_CASE("only a first request that surely did not arrive makes a charge unsent again") {
  const Charge first = Apply(Asked(), NotSent{}, kStart);
  CHECK_FALSE(first.first_sent_at.has_value());
  CHECK(first.state == ChargeState::kPending);
  // A process died with the answer: the next failure to connect says nothing about that request.
  const absl::Time later = kStart + absl::Seconds(20);
  const Charge second = Apply(BeforeAsking(Asked(), later), NotSent{}, later);
  CHECK(second.first_sent_at == kStart);
  const Charge unknown =
      Apply(BeforeAsking(Apply(Asked(), OutcomeUnknown{}, kStart), later), NotSent{}, later);
  CHECK(unknown.state == ChargeState::kUnknown);
  CHECK(unknown.first_sent_at == kStart);
}

TEST_CASE("what is refused unheard, time and again, is sent ever more rarely (429, 401)") {
  Charge charge = Open();
  absl::Time now = kStart;
  for (const int seconds : {5, 10, 20, 40}) {
    charge = Apply(BeforeAsking(charge, now), NotSent{}, now);
    CHECK(*charge.next_ask_at - now == absl::Seconds(seconds));
    CHECK_FALSE(charge.first_sent_at.has_value());
    now = *charge.next_ask_at;
  }
  const Charge taken = CapturedCharge(1999);
  Refund refund = *OpenRefund(RefundOf(taken, std::nullopt), taken, kStart);
  for (const int seconds : {5, 10, 20}) {
    refund = Apply(BeforeAsking(refund, now), NotSent{}, now);
    CHECK(*refund.next_ask_at - now == absl::Seconds(seconds));
    CHECK_FALSE(refund.first_sent_at.has_value());
    now = *refund.next_ask_at;
  }
}

TEST_CASE("a charge that could not be sent for a day is given up") {
  const Charge unsent = Apply(Asked(), NotSent{}, kStart);
  CHECK(Next(unsent, false, kStart + absl::Hours(24)) == NextStep::kEnd);
  CHECK(EndUnsent(unsent, false, kStart).decline_class == DeclineClass::kSoft);
}

TEST_CASE("a challenge is taken back after a day, or when its method is removed") {
  const Charge action = Apply(Asked(), ActionRequired{"https://bank", "pi_1"}, kStart);
  CHECK(Next(action, false, kStart + absl::Hours(23)) == NextStep::kCancel);
  CHECK(Next(action, true, kStart) == NextStep::kCancel);
}

TEST_CASE(
    "a charge that is given up before it was sent ends there; a sent one is looked for, then cancelled") {
  const Charge unsent = GiveUp(Open(), kStart);
  CHECK(unsent.decline_code == kCanceled);
  CHECK_FALSE(unsent.next_ask_at.has_value());
  const Charge sent = GiveUp(Asked(), kStart);
  CHECK(sent.state == ChargeState::kUnknown);
  CHECK(Next(sent, false, kStart) == NextStep::kSearch);
  CHECK(MayAsk(sent, kStart));
  const Charge waiting = GiveUp(Apply(Asked(), ActionRequired{"https://bank", "pi_1"}, kStart), kStart);
  CHECK(waiting.action_url.empty());
  CHECK(Next(waiting, false, kStart) == NextStep::kCancel);
  CHECK(Apply(waiting, Processing{"pi_1"}, kStart).state == ChargeState::kUnknown);
  CHECK(Apply(waiting, Declined{std::string(kActionExpired), "pi_1"}, kStart).decline_code == kCanceled);
  CHECK(Apply(waiting, Declined{"insufficient_funds", "pi_1"}, kStart).decline_code == "insufficient_funds");
  CHECK(Apply(waiting, Captured{"pi_1"}, kStart).state == ChargeState::kSucceeded);
  const Charge taken = Apply(Asked(), Captured{"pi_1"}, kStart);
  CHECK(GiveUp(taken, kStart).state == ChargeState::kSucceeded);
}

TEST_CASE("a charge that is given up while it is sent is over at once only if that surely did not arrive") {
  CHECK(Apply(GiveUp(Asked(), kStart), NotSent{}, kStart).decline_code == kCanceled);
  const Charge second = BeforeAsking(Asked(), kStart + absl::Seconds(20));
  CHECK(Apply(GiveUp(second, kStart), NotSent{}, kStart).state == ChargeState::kUnknown);
  CHECK(Apply(GiveUp(Asked(), kStart), NotThere{}, kStart).state == ChargeState::kUnknown);
  CHECK(Apply(GiveUp(Asked(), kStart), NotThere{}, kStart + absl::Hours(48)).decline_code == kCanceled);
}

TEST_CASE("questions get rarer, up to one an hour") {
  CHECK(PauseAfter(1) == absl::Seconds(5));
  CHECK(PauseAfter(2) == absl::Seconds(10));
  CHECK(PauseAfter(100) == absl::Hours(1));
}

ChargeOutcome AnyOutcome() {
  switch (*rc::gen::inRange(0, 8)) {
    case 0:
      return Captured{"pi_1"};
    case 1:
      return Declined{"insufficient_funds", "pi_1"};
    case 2:
      return ActionRequired{"https://bank", "pi_1"};
    case 3:
      return Processing{"pi_1"};
    case 4:
      return Rejected{"resource_missing"};
    case 5:
      return NotSent{};
    case 6:
      return NotThere{};
    default:
      return OutcomeUnknown{};
  }
}

TEST_CASE("whatever happens: final is final, final is not asked, open always has a next question") {
  CHECK(rc::check("", [] {
    Charge charge = Open();
    absl::Time now = kStart;
    const int steps = *rc::gen::inRange(1, 20);
    for (int i = 0; i < steps; ++i) {
      now += absl::Minutes(*rc::gen::inRange(0, 1000));
      const Charge before = charge;
      const bool removed = *rc::gen::arbitrary<bool>();
      if (*rc::gen::inRange(0, 5) == 0) charge = GiveUp(charge, now);
      const NextStep step = Next(charge, removed, now);
      if (step == NextStep::kEnd) charge = EndUnsent(charge, removed, now);
      if (step != NextStep::kEnd && step != NextStep::kNothing) charge = BeforeAsking(charge, now);
      charge = Apply(charge, AnyOutcome(), now);
      if (IsFinal(before.state)) {
        RC_ASSERT(charge.state == before.state);
        RC_ASSERT(charge.decline_code == before.decline_code);
        RC_ASSERT(step == NextStep::kNothing);
      }
      if (charge.given_up_at) RC_ASSERT(Next(charge, removed, now) != NextStep::kSend);
      RC_ASSERT(IsFinal(charge.state) == !charge.next_ask_at.has_value());
      RC_ASSERT((charge.state == ChargeState::kDeclined) == (charge.decline_class != DeclineClass::kNone));
      RC_ASSERT((charge.state == ChargeState::kRequiresAction) == !charge.action_url.empty());
    }
  }));
}

TEST_CASE("refunds of a charge never sum to more than it, in any order") {
  CHECK(rc::check("", [] {
    Charge charge = CapturedCharge(*rc::gen::inRange<int64_t>(50, 10'000));
    for (const int64_t minor :
         *rc::gen::container<std::vector<int64_t>>(rc::gen::inRange<int64_t>(1, 8'000))) {
      const auto refund = OpenRefund(RefundOf(charge, Money{"EUR", minor}), charge, kStart);
      const bool fits = minor <= charge.request.amount.minor - charge.refunded_minor;
      RC_ASSERT(refund.ok() == fits);
      if (refund.ok()) charge.refunded_minor += refund->amount.minor;
    }
    RC_ASSERT(charge.refunded_minor <= charge.request.amount.minor);
    const auto rest = OpenRefund(RefundOf(charge, std::nullopt), charge, kStart);
    RC_ASSERT(rest.ok() == (charge.refunded_minor < charge.request.amount.minor));
    if (rest.ok()) RC_ASSERT(rest->amount.minor + charge.refunded_minor == charge.request.amount.minor);
  }));
}

TEST_CASE("a refund needs a captured charge, its currency, and more than nothing") {
  const Charge charge = CapturedCharge(1999);
  CHECK_REFUSED(OpenRefund(RefundOf(charge, Money{"EUR", 2000}), charge, kStart), "REFUND_EXCEEDS_CHARGE");
  CHECK_REFUSED(OpenRefund(RefundOf(charge, Money{"USD", 10}), charge, kStart), "CURRENCY_MISMATCH");
  CHECK_REFUSED(OpenRefund(RefundOf(charge, Money{"EUR", 0}), charge, kStart), "AMOUNT_INVALID");
  CHECK_REFUSED(OpenRefund(RefundOf(charge, Money{"EUR", -5}), charge, kStart), "AMOUNT_INVALID");
  CHECK_REFUSED(OpenRefund(RefundOf(Open(), std::nullopt), Open(), kStart), "CHARGE_NOT_CAPTURED");
}

TEST_CASE("a refund that never arrived is sent again, however late: it is owed") {
  const Charge charge = CapturedCharge(1999);
  Refund refund = BeforeAsking(*OpenRefund(RefundOf(charge, std::nullopt), charge, kStart), kStart);
  refund = Apply(refund, OutcomeUnknown{}, kStart);
  CHECK(refund.state == RefundState::kUnknown);
  CHECK(Next(refund, kStart + absl::Hours(30)) == NextStep::kSearch);
  refund = Apply(refund, NotThere{}, kStart + absl::Hours(30));
  CHECK(refund.state == RefundState::kPending);
  CHECK(Next(refund, kStart + absl::Hours(30)) == NextStep::kSend);
}

}  // namespace
}  // namespace perennial::payment_token::core
