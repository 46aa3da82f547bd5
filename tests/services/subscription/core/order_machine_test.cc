#include "services/subscription/core/order_machine.h"

#include <catch2/catch.hpp>

#include "tests/services/subscription/core/builders.h"
#include "tests/support/status_matchers.h"

namespace perennial::subscription {
namespace {

using core::Aggregate;
using core::AttemptState;
using core::DeclineClass;
using core::Order;
using core::OrderFailure;
using core::OrderState;
using core::OrderStep;
using core::ProductState;
using testing::Decline;
using testing::Id;
using testing::kFirstAttempt;
using testing::kParis;
using testing::kStart;
using testing::PaidPlan;
using testing::Policy;
using testing::TestCatalogue;
using testing::Utc;
using testing::WithRenewalDue;

TEST_CASE("The first attempt is 14 days before expiry, at the start of the customer's day (R15)") {
  const Aggregate aggregate = PaidPlan(kStart);
  CHECK(core::ExpiryOf(aggregate.product) == CivilDate(2028, 1, 15));
  CHECK(*aggregate.product.renew_at == kFirstAttempt);
  Aggregate early = aggregate;
  CHECK_FALSE(
      *core::OpenRenewal(TestCatalogue(), kParis, Id("auto"), early, kFirstAttempt - absl::Seconds(1)));
  CHECK(*core::OpenRenewal(TestCatalogue(), kParis, Id("auto"), early, kFirstAttempt));
  CHECK_FALSE(*core::OpenRenewal(TestCatalogue(), kParis, Id("again"), early, kFirstAttempt));
}

TEST_CASE("A declined order of a customer who is there fails, and its pro-forma is cancelled") {
  Aggregate aggregate = PaidPlan(kStart);
  const auto offer = core::OfferRenewal(TestCatalogue(), aggregate, 0, false, "EUR", kParis, kStart);
  REQUIRE(core::StartOrder(aggregate, testing::OrderFor(*offer, "renewal", kStart), kStart).ok());
  Decline(aggregate, Id("renewal"), DeclineClass::kSoft, kStart);
  Order& order = *aggregate.FindOrder(Id("renewal"));
  CHECK(order.step == OrderStep::kCancelProForma);
  CHECK(core::StateOf(order) == OrderState::kFailed);
  CHECK(order.failure == OrderFailure::kPaymentDeclined);
  CHECK(order.decline_code == "no_funds");
  core::ProFormaCancelled(order, kStart);
  CHECK(order.IsOver());
  CHECK_FALSE(order.next_at);
}

TEST_CASE("A card that is worn out ends the order of a customer who is there, who is told why") {
  Aggregate aggregate = PaidPlan(kStart);
  const auto offer = core::OfferRenewal(TestCatalogue(), aggregate, 0, false, "EUR", kParis, kStart);
  REQUIRE(core::StartOrder(aggregate, testing::OrderFor(*offer, "renewal", kStart), kStart).ok());
  Order& order = *aggregate.FindOrder(Id("renewal"));
  core::BeginAttempt(Policy(), aggregate, order, kStart);
  core::ChargeAnswered(Policy(), aggregate, order,
                       {.state = AttemptState::kDeclined,
                        .decline_code = core::kCardExhausted,
                        .retry_at = kStart + absl::Hours(24)},
                       kStart);
  CHECK(order.failure == OrderFailure::kPaymentDeclined);
  CHECK(order.decline_code == core::kCardExhausted);
}

TEST_CASE("A failed purchase leaves no product behind") {
  Aggregate aggregate;
  aggregate.product = testing::NewPlan();
  const auto offer = core::OfferPurchase(TestCatalogue(), aggregate.product, kParis, kStart);
  aggregate.orders.push_back(testing::OrderFor(*offer, "purchase", kStart));
  Decline(aggregate, Id("purchase"), DeclineClass::kHard, kStart);
  CHECK(aggregate.product.state == ProductState::kEnded);
  CHECK(aggregate.terms.empty());
}

TEST_CASE(
    "A soft decline goes to the next rung, a hard one waits for a method, a third one for the customer") {
  struct Case {
    DeclineClass decline_class;
    core::Wait wait;
    const char* event;
  };
  for (const Case& each :
       {Case{DeclineClass::kSoft, core::Wait::kRung, "renewal.failed"},
        Case{DeclineClass::kHard, core::Wait::kMethod, "renewal.failed"},
        Case{DeclineClass::kCustomerAction, core::Wait::kCustomer, "renewal.action_required"}}) {
    Aggregate aggregate = WithRenewalDue();
    Decline(aggregate, Id("auto"), each.decline_class, kFirstAttempt);
    const Order& order = *aggregate.FindOrder(Id("auto"));
    CHECK(order.wait == each.wait);
    CHECK(core::StateOf(order) == OrderState::kPastDue);
    CHECK(order.next_at ==
          (each.wait == core::Wait::kRung ? kFirstAttempt + absl::Hours(24) : *order.dunning_ends_at));
    REQUIRE(aggregate.events.size() == 1);
    CHECK(aggregate.events[0].type == each.event);
  }
}

TEST_CASE("After 45 days of attempts the order fails and the product ends (R17, R18)") {
  Aggregate aggregate = WithRenewalDue();
  int attempts = 0;
  absl::Time now = kFirstAttempt;
  while (!aggregate.FindOrder(Id("auto"))->HasFailed()) {
    Order& order = *aggregate.FindOrder(Id("auto"));
    core::Expire(Policy(), aggregate, now);
    if (order.step == OrderStep::kWaiting) core::Wake(aggregate, order, now);
    if (order.HasFailed()) break;
    Decline(aggregate, Id("auto"), DeclineClass::kSoft, now);
    ++attempts;
    now = *order.next_at;
  }
  Order& order = *aggregate.FindOrder(Id("auto"));
  CHECK(attempts == 14);
  CHECK(order.failure == OrderFailure::kDunningEnded);
  CHECK(now == core::StartOfDayAfter(CivilDate(2028, 1, 1), 45, "Europe/Paris"));
  CHECK(aggregate.product.state == ProductState::kExpired);
  CHECK(core::End(Policy(), aggregate, now));
  CHECK(aggregate.product.state == ProductState::kEnded);
}

TEST_CASE("Paid within the 45 days it comes back, and its new term starts at the old expiry (R18)") {
  Aggregate aggregate = WithRenewalDue();
  Decline(aggregate, Id("auto"), DeclineClass::kHard, kFirstAttempt);
  const absl::Time later = Utc(2028, 1, 30);
  CHECK(core::Expire(Policy(), aggregate, Utc(2028, 1, 14, 23, 0)));
  CHECK_FALSE(core::Expire(Policy(), aggregate, later));
  REQUIRE(core::MethodArrived(Policy(), aggregate, "the new card", later));
  Order& order = *aggregate.FindOrder(Id("auto"));
  core::Wake(aggregate, order, later);
  CHECK(order.step == OrderStep::kProForma);  // with the tax and the buyer of the day (R26, R27)
  testing::Pay(aggregate, Id("auto"), later);
  CHECK(aggregate.attempts.back().payment_method == "the new card");
  CHECK(aggregate.product.state == ProductState::kActive);
  CHECK(aggregate.terms.back().start == CivilDate(2028, 1, 15));
  CHECK(core::ExpiryOf(aggregate.product) == CivilDate(2029, 1, 15));
}

TEST_CASE("A charge whose outcome is not known is neither repeated nor given up") {
  Aggregate aggregate = WithRenewalDue();
  Order& order = *aggregate.FindOrder(Id("auto"));
  core::ProFormaMade(order, order.offer.NetMinor(), kFirstAttempt);
  core::BeginAttempt(Policy(), aggregate, order, kFirstAttempt);
  const core::Attempt attempt = aggregate.attempts.back();
  core::ChargeAnswered(Policy(), aggregate, order, {.state = AttemptState::kOpen}, kFirstAttempt);
  CHECK(order.step == OrderStep::kCharge);
  CHECK(order.charge_id == attempt.id);
  CHECK(*order.next_at > kFirstAttempt);
  CHECK(core::IsCharging(aggregate, order));
  // Nobody may come in between.
  CHECK_REFUSED(core::OfferRenewal(TestCatalogue(), aggregate, 0, false, "EUR", kParis, kFirstAttempt),
                "ORDER_IN_PROGRESS");
  CHECK_FALSE(core::CloseForDeletion(aggregate, kFirstAttempt));
}

TEST_CASE(
    "A renewal by hand holds the automatic one: paid it replaces it, declined it lets it go on (RC-E03)") {
  for (const bool paid : {true, false}) {
    Aggregate aggregate = WithRenewalDue();
    Decline(aggregate, Id("auto"), DeclineClass::kSoft, kFirstAttempt);
    const absl::Time now = kFirstAttempt + absl::Hours(2);
    const auto offer = core::OfferRenewal(TestCatalogue(), aggregate, 0, false, "EUR", kParis, now);
    REQUIRE(offer.ok());
    REQUIRE(core::StartOrder(aggregate, testing::OrderFor(*offer, "hand", now), now).ok());
    CHECK(aggregate.FindOrder(Id("auto"))->held_by == Id("hand"));
    CHECK_REFUSED(core::StartOrder(aggregate, testing::OrderFor(*offer, "second", now), now),
                  "ORDER_IN_PROGRESS");
    if (paid) {
      testing::Pay(aggregate, Id("hand"), now);
    } else {
      Decline(aggregate, Id("hand"), DeclineClass::kSoft, now);
    }
    const Order& automatic = *aggregate.FindOrder(Id("auto"));
    CHECK_FALSE(automatic.held_by);
    CHECK(automatic.failure == (paid ? OrderFailure::kSuperseded : OrderFailure::kNone));
    CHECK(automatic.step == (paid ? OrderStep::kCancelProForma : OrderStep::kWaiting));
    CHECK(aggregate.terms.size() == (paid ? 2 : 1));
  }
}

TEST_CASE("Auto-renew switched off while retries run stops them; while charging, it stops the next (R14)") {
  Aggregate waiting = WithRenewalDue();
  Decline(waiting, Id("auto"), DeclineClass::kSoft, kFirstAttempt);
  REQUIRE_OK(core::ChangeSettings(TestCatalogue(),
                                  {.auto_renew = false, .next_plan_id = {}, .next_cycle_months = {}}, waiting,
                                  kFirstAttempt));
  CHECK(waiting.FindOrder(Id("auto"))->failure == OrderFailure::kAutoRenewOff);
  CHECK_FALSE(waiting.product.renew_at);

  Aggregate charging = WithRenewalDue();
  Order& order = *charging.FindOrder(Id("auto"));
  core::ProFormaMade(order, order.offer.NetMinor(), kFirstAttempt);
  core::BeginAttempt(Policy(), charging, order, kFirstAttempt);
  REQUIRE_OK(core::ChangeSettings(TestCatalogue(),
                                  {.auto_renew = false, .next_plan_id = {}, .next_cycle_months = {}},
                                  charging, kFirstAttempt));
  CHECK_FALSE(order.HasFailed());
  core::ChargeAnswered(Policy(), charging, order, {.state = AttemptState::kDeclined}, kFirstAttempt);
  CHECK(order.failure == OrderFailure::kAutoRenewOff);
}

TEST_CASE("A delivery that is refused after the payment takes the term back (R31)") {
  Aggregate aggregate;
  aggregate.product = testing::NewPlan();
  aggregate.product.kind = core::ProductKind::kDomain;
  aggregate.product.domain_name = aggregate.product.display_name = "example.com";
  const auto offer = core::OfferPurchase(TestCatalogue(), aggregate.product, kParis, kStart);
  REQUIRE_OK(offer);
  aggregate.orders.push_back(testing::OrderFor(*offer, "purchase", kStart));
  Order& order = *aggregate.FindOrder(Id("purchase"));
  core::ProFormaMade(order, 1200, kStart);
  core::BeginAttempt(Policy(), aggregate, order, kStart);
  core::ChargeAnswered(Policy(), aggregate, order, {.state = AttemptState::kSucceeded}, kStart);
  core::InvoiceIssued(order, "invoice", kStart);
  core::Apply(Policy(), aggregate, order, kStart);
  CHECK(aggregate.product.state == ProductState::kPending);
  core::DeliveryAnswered(Policy(), aggregate, order, {core::DeliveryAnswer::State::kRejected, std::nullopt},
                         kStart);
  CHECK(core::StateOf(order) == OrderState::kCompensating);
  // At once, however long the refund takes.
  CHECK(aggregate.product.state == ProductState::kEnded);
  CHECK(aggregate.terms[0].state == core::TermState::kReversed);
  core::RefundMade(order, "refund", kStart);
  core::CreditNoteIssued(order, "note", kStart);
  core::Reverse(Policy(), aggregate, order, kStart);
  CHECK(core::StateOf(order) == OrderState::kRefunded);
  CHECK(aggregate.product.state == ProductState::kEnded);
  CHECK(aggregate.terms[0].state == core::TermState::kReversed);
  CHECK(aggregate.events.back().type == "order.refunded");
}

// The renewal's challenge is open (R24).
void Challenge(Aggregate& aggregate, const Uuid& id, absl::Time now) {
  Order& order = *aggregate.FindOrder(id);
  if (!order.total_minor) core::ProFormaMade(order, order.offer.NetMinor(), now);
  core::BeginAttempt(Policy(), aggregate, order, now);
  core::ChargeAnswered(Policy(), aggregate, order,
                       {.state = AttemptState::kRequiresAction, .action_url = "https://example.com"}, now);
}

TEST_CASE("A challenge that nobody met is given up at the gateway before the order fails (R23, R24)") {
  Aggregate aggregate = PaidPlan(kStart);
  const auto offer = core::OfferRenewal(TestCatalogue(), aggregate, 0, false, "EUR", kParis, kStart);
  REQUIRE(core::StartOrder(aggregate, testing::OrderFor(*offer, "hand", kStart), kStart).ok());
  Challenge(aggregate, Id("hand"), kStart);
  const absl::Time later = kStart + core::kConfirmWithin;
  Order& order = *aggregate.FindOrder(Id("hand"));
  core::ChargeAnswered(Policy(), aggregate, order, {.state = AttemptState::kRequiresAction}, later);
  CHECK(order.step == OrderStep::kCancelCharge);
  CHECK(core::StateOf(order) == OrderState::kAwaitingPayment);
  CHECK(core::BlockingOrder(aggregate) == &order);
  core::ChargeGivenUp(Policy(), aggregate, order, {.state = AttemptState::kOpen}, later);
  CHECK(order.step == OrderStep::kCancelCharge);
  CHECK(*order.next_at > later);
  Aggregate paid = aggregate;
  core::ChargeGivenUp(Policy(), aggregate, order,
                      {.state = AttemptState::kDeclined, .decline_code = "canceled"}, later);
  CHECK(order.failure == OrderFailure::kPaymentNotConfirmed);
  CHECK(core::StateOf(order) == OrderState::kFailed);

  Order& taken = *paid.FindOrder(Id("hand"));
  core::ChargeGivenUp(Policy(), paid, taken, {.state = AttemptState::kSucceeded}, later);
  CHECK(taken.step == OrderStep::kInvoice);
  CHECK(taken.failure == OrderFailure::kNone);
}

TEST_CASE(
    "Neither the end of the ladder nor a deleted account leaves a challenge that can be paid (R7, R23)") {
  Aggregate aggregate = WithRenewalDue();
  Challenge(aggregate, Id("auto"), kFirstAttempt);
  Order& order = *aggregate.FindOrder(Id("auto"));
  Aggregate deleted = aggregate;
  const absl::Time end = *order.dunning_ends_at;
  core::Wake(aggregate, order, end);
  core::ChargeAnswered(Policy(), aggregate, order, {.state = AttemptState::kRequiresAction}, end);
  CHECK(order.step == OrderStep::kCancelCharge);

  CHECK_FALSE(core::CloseForDeletion(deleted, kFirstAttempt));
  CHECK_FALSE(core::CloseForDeletion(deleted, kFirstAttempt));
  CHECK(deleted.FindOrder(Id("auto"))->step == OrderStep::kCancelCharge);
  CHECK(deleted.FindOrder(Id("auto"))->failure == OrderFailure::kAccountDeleted);
}

TEST_CASE("A challenge and the decline of the same attempt are two facts") {
  Aggregate aggregate = WithRenewalDue();
  Challenge(aggregate, Id("auto"), kFirstAttempt);
  Order& order = *aggregate.FindOrder(Id("auto"));
  core::ChargeAnswered(Policy(), aggregate, order,
                       {.state = AttemptState::kDeclined, .decline_class = DeclineClass::kCustomerAction},
                       kFirstAttempt);
  REQUIRE(aggregate.events.size() == 2);
  CHECK(aggregate.events[0].type == aggregate.events[1].type);
  CHECK(aggregate.events[0].id != aggregate.events[1].id);
}

TEST_CASE("A method that comes while another is being charged is tried when that one is declined (R17)") {
  for (const DeclineClass decline_class :
       {DeclineClass::kSoft, DeclineClass::kHard, DeclineClass::kCustomerAction}) {
    Aggregate aggregate = WithRenewalDue();
    Order& order = *aggregate.FindOrder(Id("auto"));
    core::ProFormaMade(order, order.offer.NetMinor(), kFirstAttempt);
    core::BeginAttempt(Policy(), aggregate, order, kFirstAttempt);
    CHECK_FALSE(core::MethodArrived(Policy(), aggregate, "the new card", kFirstAttempt));
    core::ChargeAnswered(Policy(), aggregate, order,
                         {.state = AttemptState::kDeclined, .decline_class = decline_class}, kFirstAttempt);
    CHECK(order.next_at == kFirstAttempt);
    core::Wake(aggregate, order, kFirstAttempt);
    Decline(aggregate, Id("auto"), DeclineClass::kHard, kFirstAttempt);
    CHECK(aggregate.attempts.back().payment_method == "the new card");
    CHECK(order.wait == core::Wait::kMethod);
  }
}

TEST_CASE("Switched off and on again, a card that was declined for good is not charged again (R17)") {
  Aggregate aggregate = WithRenewalDue();
  aggregate.FindOrder(Id("auto"))->payment_method = "the bad card";
  Decline(aggregate, Id("auto"), DeclineClass::kHard, kFirstAttempt);
  for (const bool on : {false, true})
    REQUIRE_OK(core::ChangeSettings(TestCatalogue(),
                                    {.auto_renew = on, .next_plan_id = {}, .next_cycle_months = {}},
                                    aggregate, kFirstAttempt));
  REQUIRE(*core::OpenRenewal(TestCatalogue(), kParis, Id("again"), aggregate, kFirstAttempt));
  Order& again = *aggregate.FindOrder(Id("again"));
  CHECK(again.step == OrderStep::kWaiting);
  CHECK(again.next_at == again.dunning_ends_at);
  CHECK(core::NextRenewalOf(TestCatalogue(), aggregate, kFirstAttempt).state ==
        core::RenewalState::kWaitingForMethod);
  // Gone, another is named (R16); so is a new one.
  Aggregate arrived = aggregate;
  CHECK(core::MethodArrived(Policy(), arrived, "the new card", kFirstAttempt));
  CHECK_FALSE(core::MethodGone(Policy(), aggregate, "another", kFirstAttempt));
  CHECK(core::MethodGone(Policy(), aggregate, "the bad card", kFirstAttempt));
  CHECK(again.next_at == kFirstAttempt);
  CHECK(aggregate.product.declined_method.empty());
}

TEST_CASE("However often it is switched, the card networks' limits hold over all orders of a product (R17)") {
  Aggregate aggregate = WithRenewalDue();
  absl::Time now = kFirstAttempt;
  std::vector<absl::Time> attempts;
  for (int i = 0; i < 60; ++i) {
    const Uuid id = i == 0 ? Id("auto") : Id(absl::StrCat("auto", i));
    Order& order = *aggregate.FindOrder(id);
    if (order.step == OrderStep::kWaiting) core::Wake(aggregate, order, now);
    core::ProFormaMade(order, order.offer.NetMinor(), now);
    core::BeginAttempt(Policy(), aggregate, order, now);
    if (order.step == OrderStep::kCharge) {
      core::ChargeAnswered(Policy(), aggregate, order, {.state = AttemptState::kDeclined}, now);
      attempts.push_back(now);
    }
    for (const bool on : {false, true})
      REQUIRE_OK(core::ChangeSettings(
          TestCatalogue(), {.auto_renew = on, .next_plan_id = {}, .next_cycle_months = {}}, aggregate, now));
    REQUIRE(*core::OpenRenewal(TestCatalogue(), kParis, Id(absl::StrCat("auto", i + 1)), aggregate, now));
    now += absl::Hours(1);
  }
  CHECK(attempts.size() == 18);
  for (const absl::Time at : attempts)
    CHECK(std::count_if(attempts.begin(), attempts.end(),
                        [&](absl::Time other) { return other <= at && other > at - absl::Hours(24); }) <= 8);
}

TEST_CASE("A downgrade that was chosen while a renewal by hand was paid waits for the next one (R11)") {
  Aggregate aggregate = PaidPlan(kStart);
  const auto offer = core::OfferRenewal(TestCatalogue(), aggregate, 0, false, "EUR", kParis, kStart);
  REQUIRE(core::StartOrder(aggregate, testing::OrderFor(*offer, "hand", kStart), kStart).ok());
  REQUIRE_OK(core::ChangeSettings(TestCatalogue(),
                                  {.auto_renew = {}, .next_plan_id = "basic", .next_cycle_months = 24},
                                  aggregate, kStart));
  testing::Pay(aggregate, Id("hand"), kStart);
  CHECK(aggregate.product.plan_id == "gold");
  CHECK(aggregate.product.next_plan_id == "basic");
  CHECK(aggregate.product.next_cycle_months == 24);
}

TEST_CASE("The product is named after its plan, also after an upgrade") {
  Aggregate aggregate = PaidPlan(kStart);
  const auto offer = core::OfferUpgrade(TestCatalogue(), aggregate, "platinum", "EUR", kParis, kStart);
  testing::Buy(aggregate, *offer, "upgrade", kStart);
  CHECK(aggregate.product.display_name == "Platinum");
}

TEST_CASE(
    "A renewal that is not delivered leaves everything as before: notices, and room for another (R19, R31)") {
  Aggregate aggregate = testing::PaidDomain(kStart);
  const absl::Time now = *aggregate.product.notice_at;
  REQUIRE(core::TellAhead(TestCatalogue(), aggregate, now));
  const core::Product before = aggregate.product;
  const auto offer = core::OfferRenewal(TestCatalogue(), aggregate, 0, false, "EUR", kParis, now);
  REQUIRE(core::StartOrder(aggregate, testing::OrderFor(*offer, "hand", now), now).ok());
  Order& order = *aggregate.FindOrder(Id("hand"));
  core::ProFormaMade(order, 1500, now);
  core::BeginAttempt(Policy(), aggregate, order, now);
  core::ChargeAnswered(Policy(), aggregate, order, {.state = AttemptState::kSucceeded}, now);
  core::InvoiceIssued(order, "invoice", now);
  core::Apply(Policy(), aggregate, order, now);
  CHECK(aggregate.product.notice_stage == 0);
  core::DeliveryAnswered(Policy(), aggregate, order, {core::DeliveryAnswer::State::kRejected, std::nullopt},
                         now);
  CHECK(core::ExpiryOf(aggregate.product) == core::ExpiryOf(before));
  CHECK(aggregate.product.notice_stage == 1);
  CHECK(aggregate.product.notice_at == before.notice_at);
  // The gateway takes its time, or refuses the refund: the customer can go on.
  std::erase_if(aggregate.terms, [](const core::Term& t) { return t.state != core::TermState::kActive; });
  CHECK(core::BlockingOrder(aggregate) == nullptr);
  const auto again = core::OfferRenewal(TestCatalogue(), aggregate, 0, false, "EUR", kParis, now);
  REQUIRE_OK(again);
  REQUIRE(core::StartOrder(aggregate, testing::OrderFor(*again, "second", now), now).ok());
  CHECK_FALSE(aggregate.FindOrder(Id("hand"))->held_by);
  testing::Pay(aggregate, Id("second"), now);
  Order& refunded = *aggregate.FindOrder(Id("hand"));
  core::Reverse(Policy(), aggregate, refunded, now);
  CHECK(refunded.IsOver());
  CHECK(aggregate.product.state == ProductState::kActive);
  CHECK(core::ExpiryOf(aggregate.product) == CivilDate(2029, 1, 15));
}

TEST_CASE("A peer that stays away is asked less and less often, at most every 10 minutes") {
  Aggregate aggregate = WithRenewalDue();
  Order& order = *aggregate.FindOrder(Id("auto"));
  absl::Duration last;
  for (int i = 0; i < 20; ++i) {
    core::PutOff(order, kStart);
    const absl::Duration pause = *order.next_at - kStart;
    CHECK(pause >= last);
    CHECK(pause <= absl::Minutes(10));
    last = pause;
  }
  CHECK(order.step == OrderStep::kProForma);
}

}  // namespace
}  // namespace perennial::subscription
