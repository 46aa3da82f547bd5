#include "tests/conformance/cases.h"
#include "tests/services/subscription/app/world.h"

// Orders: once and only once, at the price that was shown, from the expiry on. The use cases with all their
// steps, on stores and peers in memory.
namespace perennial::conformance {
namespace {

using namespace subscription;
using core::AttemptState;
using subscription::testing::Id;
using subscription::testing::World;

constexpr absl::Duration kDay = absl::Hours(24);

absl::Time Noon(CivilDate day) {
  return absl::FromCivil(absl::CivilSecond(day) + 12 * 3600, absl::UTCTimeZone());
}

struct Held {
  World world;
  Uuid product_id;

  Held(CivilDate day, int months, const char* plan = "gold") {
    world.clock.Set(Noon(day));
    world.Order(PlanPurchase{Id("site"), plan, months});
    product_id = world.Only().product.id;
  }
  std::string Expiry() { return FormatDate(core::ExpiryOf(world.Only().product)); }
};

core::ChargeAnswer SoftDecline() {
  return {.state = AttemptState::kDeclined, .decline_code = "insufficient_funds"};
}

core::ChargeAnswer Success() {
  return {.state = AttemptState::kSucceeded};
}

// Job runs at two moments, in two local days.
json TwoRunsInTwoLocalDays(const json& in) {
  Held held(CivilDate(2027, 1, 15), 3);
  World& world = held.world;
  world.clock.Set(*world.Only().product.renew_at - absl::Hours(1));
  const size_t before = world.billing.invoices.size();
  for (int run = 0; run < in.at("runs"); ++run) {
    world.clock.Advance(absl::Hours(in.at("hours_between_runs").get<int>()));
    world.Settle();
  }
  return {{"invoices", world.billing.invoices.size() - before}};
}

// A payment whose order is driven by the call that committed it and by the worker.
json PaidOnceDrivenTwice(const json& in) {
  Held held(CivilDate(2027, 1, 15), 3);
  World& world = held.world;
  const CivilDate before = core::ExpiryOf(world.Only().product);
  const core::Order order = world.CommitOnly(world.QuoteFor(RenewalWish{held.product_id, 3, false}));
  world.clock.Advance(absl::Minutes(1));
  for (size_t trigger = 0; trigger < in.at("triggers").size(); ++trigger) {
    if (!world.orders.Drive(Id("account"), order.id).ok() || !world.orders.RunDue().ok()) return "failed";
  }
  // We sell no month: what counts is how many terms the one payment added.
  int terms = 0;
  while (AddMonths(before, 3 * terms) < core::ExpiryOf(world.Only().product)) ++terms;
  return {{"expiry", FormatDate(AddMonths(Date(in.at("expiry")), terms * in.at("months").get<int>()))}};
}

json RenewalDeliveredTwice(const json& in) {
  Held held(CivilDate(2027, 1, 15), 3);
  World& world = held.world;
  world.clock.Set(*world.Only().product.renew_at);
  const size_t before = world.payments.captures.size();
  // The first delivery dies right after the gateway took the money.
  world.payments.answers_lost = true;
  world.Settle();
  world.payments.answers_lost = false;
  for (int delivery = 1; delivery < in.at("deliveries"); ++delivery)
    world.Wait(absl::Hours(1), absl::Minutes(5));
  return {{"captures", world.payments.captures.size() - before}};
}

json PaidByHandAgainstARetry(const json& in) {
  Held held(Date(in.at("bought")), in.at("months"));
  World& world = held.world;
  world.payments.answer = SoftDecline;
  world.clock.Set(*world.Only().product.renew_at);
  const size_t before = world.payments.captures.size();
  world.Wait(Noon(Date(in.at("paid_by_hand"))) - world.clock.Now(), kDay);
  world.payments.answer = Success;
  world.Order(RenewalWish{held.product_id, 0, false});
  world.Wait(40 * kDay, kDay);
  return {{"captures", world.payments.captures.size() - before}, {"expiry", held.Expiry()}};
}

json UpgradeOfTheFirstDay(const json& in) {
  Held held(Date(in.at("bought")), 12, "basic");
  held.world.Order(UpgradeWish{held.product_id, "platinum"});
  if (held.world.Only().product.plan_id != "platinum") return "not upgraded";
  return {{"expiry", held.Expiry()}};
}

json RenewedEarly(const json& in) {
  Held held(Date(in.at("bought")), in.at("months"));
  if (held.Expiry() != in.at("expiry")) return held.Expiry();
  held.world.clock.Set(Noon(Date(in.at("renewed"))));
  held.world.Order(RenewalWish{held.product_id, in.at("months"), false});
  return {{"expiry", held.Expiry()}};
}

json PreviewAndCommit(const json&) {
  Held held(CivilDate(2027, 1, 15), 12);
  World& world = held.world;
  world.clock.Set(Noon(CivilDate(2027, 5, 3)));
  const Quote quote = world.QuoteFor(UpgradeWish{held.product_id, "platinum"});
  const core::Order order = *world.orders.Drive(Id("account"), world.CommitOnly(quote).id);
  const bool same = order.charge_id && world.payments.captures[*order.charge_id] == quote.tax.total_minor;
  return {{"charged", same ? "as previewed" : "another amount"}};
}

}  // namespace

void AddOrderCases(Plays& plays) {
  plays["LG-T01"] = TwoRunsInTwoLocalDays;
  plays["FB-E01"] = PaidOnceDrivenTwice;
  plays["WC-E01"] = RenewalDeliveredTwice;
  plays["RC-E03"] = PaidByHandAgainstARetry;
  plays["RC-E01"] = UpgradeOfTheFirstDay;
  plays["RC-E02"] = RenewedEarly;
  plays["LG-E01"] = PreviewAndCommit;
}

}  // namespace perennial::conformance
