#include <catch2/catch.hpp>

#include "tests/services/subscription/core/builders.h"
#include "tests/support/status_matchers.h"

// What a declined renewal does next: links, new cards, the card networks' limits, another plan, the last day.
namespace perennial::subscription {
namespace {

using core::Aggregate;
using core::AttemptState;
using core::DeclineClass;
using core::Order;
using core::OrderStep;
using core::RenewalState;
using testing::Id;
using testing::kParis;
using testing::Policy;
using testing::TestCatalogue;
using testing::Utc;

constexpr absl::Duration kDay = absl::Hours(24);
const absl::Time kBought = Utc(2027, 1, 15);
// 14 days before 15 January 2028, in Paris.
const absl::Time kFirst = core::StartOfDayAfter(CivilDate(2028, 1, 1), 0, "Europe/Paris");

struct Retries {
  Aggregate aggregate = testing::PaidPlan(kBought);
  absl::Time now = kFirst;

  Retries() {
    aggregate.events.clear();
    REQUIRE(core::OpenRenewal(TestCatalogue(), kParis, Id("auto"), aggregate, kFirst).value());
  }
  Order& order() { return *core::OpenAutomaticRenewal(aggregate); }
  core::Attempt& attempt() { return *aggregate.CurrentAttempt(order()); }

  void Begin() {
    if (order().step == OrderStep::kWaiting) core::Wake(aggregate, order(), now);
    core::ProFormaMade(order(), order().offer.NetMinor(), now);
    core::BeginAttempt(Policy(), aggregate, order(), now);
  }
  void Answer(const core::ChargeAnswer& answer) {
    core::ChargeAnswered(Policy(), aggregate, order(), answer, now);
  }
  void Decline(const std::string& code, DeclineClass decline_class) {
    Begin();
    Answer({.state = AttemptState::kDeclined, .decline_code = code, .decline_class = decline_class});
  }
  void AskForConfirmation() {
    Begin();
    Answer({.state = AttemptState::kRequiresAction, .action_url = "https://bank.example"});
  }
  core::NextRenewal Next() { return core::NextRenewalOf(TestCatalogue(), aggregate, now); }
  int Told(const std::string& type) {
    return static_cast<int>(std::count_if(aggregate.events.begin(), aggregate.events.end(),
                                          [&](const Event& event) { return event.type == type; }));
  }
};

TEST_CASE("A bank that wants the customer gets a link at once, told once, and no retry (R24)") {
  Retries retries;
  retries.Decline("authentication_required", DeclineClass::kCustomerAction);
  CHECK(retries.attempt().off_session);
  CHECK(retries.order().next_at == kFirst);
  CHECK(retries.aggregate.events.empty());
  retries.AskForConfirmation();
  CHECK_FALSE(retries.attempt().off_session);
  CHECK(retries.Next().state == RenewalState::kWaitingForCustomer);
  CHECK_FALSE(retries.Next().attempt_at);
  REQUIRE(retries.Told("renewal.action_required") == 1);
  CHECK(retries.aggregate.events[0].attributes.at("action_url") == "https://bank.example");
}

TEST_CASE("A link that nobody used is followed by another on the ladder's next day, to its end (R17, R24)") {
  Retries retries;
  retries.Decline("authentication_required", DeclineClass::kCustomerAction);
  std::vector<int64_t> days;
  while (!retries.order().HasFailed()) {
    days.push_back((retries.now - kFirst) / kDay);
    retries.AskForConfirmation();
    CHECK_FALSE(retries.attempt().off_session);
    retries.now += absl::Hours(23);
    retries.Answer({.state = AttemptState::kDeclined,
                    .decline_code = "action_expired",
                    .decline_class = DeclineClass::kCustomerAction});
    CHECK(retries.order().wait == core::Wait::kCustomer);
    retries.now = *retries.order().next_at;
    if (retries.now >= *retries.order().dunning_ends_at) break;
  }
  CHECK(days == std::vector<int64_t>{0, 1, 3, 5, 7, 10, 14, 18, 22, 26, 30, 35, 40, 44});
}

TEST_CASE("Other things that the customer must do are waited for without a link") {
  Retries retries;
  retries.Decline("expired_card", DeclineClass::kCustomerAction);
  CHECK(retries.order().next_at == retries.order().dunning_ends_at);
  CHECK(retries.Told("renewal.action_required") == 1);
}

TEST_CASE("A new card while a link waits: the link is taken back first, so only one is charged (R17, R23)") {
  Retries retries;
  retries.AskForConfirmation();
  REQUIRE(core::MethodArrived(Policy(), retries.aggregate, "the new card", kFirst));
  CHECK(retries.order().step == OrderStep::kCancelCharge);
  Retries met = retries;
  core::ChargeGivenUp(Policy(), retries.aggregate, retries.order(),
                      {.state = AttemptState::kDeclined, .decline_code = "canceled"}, kFirst);
  CHECK(retries.order().next_at == kFirst);
  retries.Begin();
  CHECK(retries.attempt().payment_method == "the new card");
  CHECK(retries.attempt().off_session);

  core::ChargeGivenUp(Policy(), met.aggregate, met.order(), {.state = AttemptState::kSucceeded}, kFirst);
  CHECK(met.order().step == OrderStep::kInvoice);
  CHECK(met.Next().state == RenewalState::kPaid);

  Retries off;
  off.AskForConfirmation();
  REQUIRE(core::MethodArrived(Policy(), off.aggregate, "the new card", kFirst));
  off.aggregate.product.auto_renew = false;
  core::ChargeGivenUp(Policy(), off.aggregate, off.order(), {.state = AttemptState::kDeclined}, kFirst);
  CHECK(off.aggregate.FindOrder(Id("auto"))->failure == core::OrderFailure::kAutoRenewOff);
}

// As the retries stand when the held card was declined so and another one comes.
Retries WithNewCard(const std::string& code, DeclineClass decline_class) {
  Retries retries;
  retries.Begin();
  retries.Answer({.state = AttemptState::kDeclined,
                  .decline_code = code,
                  .decline_class = decline_class,
                  .payment_method = "old"});
  REQUIRE(core::MethodArrived(Policy(), retries.aggregate, "new", kFirst));
  retries.Begin();
  REQUIRE(retries.attempt().payment_method == "new");
  return retries;
}

TEST_CASE("The link is for the card whose bank wants the customer, not for the one before (R24)") {
  Retries retries = WithNewCard("insufficient_funds", DeclineClass::kSoft);
  const auto told = retries.aggregate.events.size();
  retries.Answer({.state = AttemptState::kDeclined,
                  .decline_code = "authentication_required",
                  .decline_class = DeclineClass::kCustomerAction,
                  .payment_method = "new"});
  CHECK(retries.aggregate.events.size() == told);  // the link will tell it
  retries.Begin();
  CHECK_FALSE(retries.attempt().off_session);
  CHECK(retries.attempt().payment_method == "new");
  // Deleted meanwhile: R16 names one.
  retries.Answer({.state = AttemptState::kNoMethod});
  CHECK(retries.order().next_at == kFirst);
  retries.Begin();
  CHECK(retries.attempt().payment_method.empty());
}

TEST_CASE("Retries stay with the new card if the old one was declined for good (R17)") {
  for (const auto& [code, decline_class] :
       {std::pair("insufficient_funds", DeclineClass::kSoft),
        std::pair("authentication_required", DeclineClass::kCustomerAction)}) {
    Retries retries = WithNewCard("stolen_card", DeclineClass::kHard);
    retries.Answer({.state = AttemptState::kDeclined,
                    .decline_code = code,
                    .decline_class = decline_class,
                    .payment_method = "new"});
    retries.now = *retries.order().next_at;
    retries.Begin();
    CHECK(retries.attempt().payment_method == "new");
  }
  Retries retries = WithNewCard("insufficient_funds", DeclineClass::kSoft);
  retries.Answer({.state = AttemptState::kDeclined,
                  .decline_code = "insufficient_funds",
                  .decline_class = DeclineClass::kSoft,
                  .payment_method = "new"});
  retries.now = *retries.order().next_at;
  retries.Begin();
  CHECK(retries.attempt().payment_method.empty());  // R16
}

TEST_CASE("A new card that is exhausted is what is tried later (R17)") {
  Retries retries = WithNewCard("stolen_card", DeclineClass::kHard);
  retries.Answer(
      {.state = AttemptState::kDeclined, .decline_code = core::kCardExhausted, .retry_at = kFirst + kDay});
  retries.now = kFirst + kDay;
  retries.Begin();
  CHECK(retries.attempt().payment_method == "new");
}

TEST_CASE("What the card networks do not allow is put off: no decline, told to nobody, not counted (R17)") {
  Retries retries;
  retries.Decline("insufficient_funds", DeclineClass::kSoft);
  retries.now += kDay;
  retries.Begin();
  const absl::Time retry_at = retries.now + 3 * kDay;
  retries.Answer(
      {.state = AttemptState::kDeclined, .decline_code = core::kCardExhausted, .retry_at = retry_at});
  CHECK(retries.Told("renewal.failed") == 1);
  CHECK(retries.Next().state == RenewalState::kRetrying);
  CHECK(retries.Next().attempt_at == retry_at);
  CHECK(retries.order().decline_code == "insufficient_funds");
  CHECK(retries.aggregate.AttemptTimes().size() == 2);  // the purchase, and the decline
  retries.now = retry_at;
  retries.Begin();
  retries.Answer({.state = AttemptState::kDeclined,
                  .decline_code = core::kCardExhausted,
                  .retry_at = *retries.order().dunning_ends_at + kDay});
  CHECK(retries.Next().state == RenewalState::kWaitingForMethod);
  CHECK(retries.order().next_at == retries.order().dunning_ends_at);
}

TEST_CASE("The last try is a day before the end, however the ladder began") {
  const absl::Time first = core::StartOfDayAfter(CivilDate(2028, 1, 1), 0, "Europe/Paris");
  const absl::Time end = core::StartOfDayAfter(CivilDate(2028, 1, 21), 0, "Europe/Paris");
  std::vector<int64_t> days;
  absl::Time now = first;
  while (const auto rung = core::NextRung(Policy(), first, "Europe/Paris", now, end)) {
    now = *rung;
    days.push_back((now - first) / kDay);
  }
  CHECK(days == std::vector<int64_t>{1, 3, 5, 7, 10, 14, 18, 19});
}

TEST_CASE("The last try and the last warning for a domain come before it costs more to get back (R17, R20)") {
  Aggregate domain = testing::PaidDomain(kBought);
  const absl::Time due = *domain.product.renew_at;
  REQUIRE(core::OpenRenewal(TestCatalogue(), kParis, Id("auto"), domain, due).value());
  const Order& order = *domain.FindOrder(Id("auto"));
  const CivilDate redemption = *core::RedemptionFrom(TestCatalogue(), domain.product);
  absl::Time last_try = due;
  while (const auto rung = core::NextRung(Policy(), due, "Europe/Paris", last_try, *order.dunning_ends_at))
    last_try = *rung;
  const absl::Time dearer = core::StartOfDayAfter(redemption, 0, "Europe/Paris");
  CHECK(last_try + kDay < dearer);
  REQUIRE(core::Expire(Policy(), domain, *domain.product.expires_at));
  REQUIRE(domain.product.notice_at);
  const absl::Time warned = *domain.product.notice_at;
  CHECK(warned + Policy().last_warning_days * kDay < dearer);
  CHECK_FALSE(core::TellAhead(TestCatalogue(), domain, warned - absl::Seconds(1)));
  REQUIRE(core::TellAhead(TestCatalogue(), domain, warned));
  CHECK(domain.events.back().type == "product.ending");
  CHECK(domain.events.back().attributes.at("until") == FormatDate(redemption));
  CHECK_FALSE(domain.product.notice_at);
  CHECK_FALSE(core::TellAhead(TestCatalogue(), domain, warned + kDay));
}

TEST_CASE("A plan is warned of its end, and what was paid meanwhile is not (R19)") {
  Aggregate plan = testing::PaidPlan(kBought);
  REQUIRE(core::Expire(Policy(), plan, *plan.product.expires_at));
  Aggregate paid = plan;
  REQUIRE(core::TellAhead(TestCatalogue(), plan, *plan.product.notice_at));
  CHECK(plan.events.back().attributes.at("until") == "2028-02-15");
  const absl::Time later = *paid.product.expires_at + kDay;
  testing::Buy(paid, *core::OfferRenewal(TestCatalogue(), paid, 0, false, "EUR", kParis, later), "hand",
               later);
  CHECK(*paid.product.notice_at > later + 300 * kDay);
}

TEST_CASE("Another plan or cycle chosen while retries run counts for them, and can be taken back (R11)") {
  Retries retries;
  retries.Decline("insufficient_funds", DeclineClass::kSoft);
  const Order before = retries.order();
  const core::ProductSettings smaller{.next_plan_id = "basic", .next_cycle_months = 3};
  REQUIRE_OK(core::ChangeSettings(TestCatalogue(), smaller, retries.aggregate, kFirst));
  CHECK(retries.aggregate.FindOrder(before.id)->failure == core::OrderFailure::kSuperseded);
  CHECK(retries.Next().amount == *TestCatalogue().PlanPrice("basic", 3, "EUR"));
  CHECK(retries.order().next_at == before.next_at);
  CHECK(retries.order().dunning_ends_at == before.dunning_ends_at);
  CHECK(retries.order().attempt_count == 1);
  CHECK_FALSE(retries.order().total_minor);
  CHECK(core::BlockingOrder(retries.aggregate) == &retries.order());
  // What is the same is no change.
  const Uuid second = retries.order().id;
  REQUIRE_OK(core::ChangeSettings(TestCatalogue(), smaller, retries.aggregate, kFirst));
  CHECK(retries.order().id == second);
  REQUIRE_OK(core::ChangeSettings(TestCatalogue(), {.next_plan_id = "", .next_cycle_months = 0},
                                  retries.aggregate, kFirst));
  CHECK(retries.Next().amount == Money{"EUR", before.offer.NetMinor()});
  CHECK(retries.aggregate.product.next_plan_id.empty());
  // While it is charged it is too late.
  retries.now = *retries.order().next_at;
  retries.Begin();
  CHECK_REFUSED(core::ChangeSettings(TestCatalogue(), smaller, retries.aggregate, retries.now),
                "ORDER_IN_PROGRESS");
}

TEST_CASE("A change of settings is told once, and none is not") {
  Aggregate plan = testing::PaidPlan(kBought);
  plan.events.clear();
  REQUIRE_OK(core::ChangeSettings(TestCatalogue(), {.next_cycle_months = 24}, plan, kBought));
  REQUIRE(plan.events.size() == 1);
  CHECK(plan.events[0].type == "product.updated");
  CHECK(plan.events[0].attributes.at("next_cycle_months") == "24");
  REQUIRE_OK(
      core::ChangeSettings(TestCatalogue(), {.auto_renew = true, .next_cycle_months = 24}, plan, kBought));
  CHECK(plan.events.size() == 1);
}

TEST_CASE("My products tells of the next attempt only when there will be one (R13)") {
  Aggregate plan = testing::PaidPlan(kBought);
  const auto next = [&] { return core::NextRenewalOf(TestCatalogue(), plan, kBought); };
  CHECK(next().state == RenewalState::kScheduled);
  CHECK(next().attempt_at == kFirst);
  // Its card was declined for good before: it will not be tried by itself.
  plan.product.declined_method = "the bad card";
  CHECK(next().state == RenewalState::kWaitingForMethod);
  CHECK_FALSE(next().attempt_at);

  Retries retries;
  CHECK(retries.Next().attempt_at == kFirst);
  retries.Begin();
  CHECK_FALSE(retries.Next().attempt_at);  // under way
  retries.Answer({.state = AttemptState::kDeclined, .decline_code = "insufficient_funds"});
  CHECK(retries.Next().state == RenewalState::kRetrying);
  CHECK(retries.Next().attempt_at == kFirst + kDay);
  retries.order().held_by = Id("hand");
  CHECK_FALSE(retries.Next().attempt_at);  // being paid by hand
  retries.order().held_by.reset();
  retries.now += kDay;
  retries.Begin();
  retries.Answer({.state = AttemptState::kSucceeded});
  CHECK(retries.Next().state == RenewalState::kPaid);
  CHECK_FALSE(retries.Next().attempt_at);
}

}  // namespace
}  // namespace perennial::subscription
