#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "tests/services/subscription/core/builders.h"

// Histories of purchases, early renewals, upgrades, downgrades paid ahead and catalogues that change, in
// currencies of 0, 2 and 3 decimals: what was paid is conserved, and nothing that was bought is touched.
namespace perennial::subscription {
namespace {

using core::Aggregate;
using core::Term;
using testing::Id;
using testing::kParis;
using testing::Utc;

constexpr absl::Duration kDay = absl::Hours(24);
// Nobody pays for more than 10 years ahead.
const std::vector<int> kCycles = {3, 6, 12, 24, 36};

// The same plans at other prices.
core::Catalogue AnyCatalogue() {
  core::Catalogue::Content content = testing::CatalogueContent();
  int64_t monthly = 0;
  for (size_t i = 1; i < content.plans.size(); ++i) {
    monthly += *rc::gen::inRange<int64_t>(300, 3000);
    content.plans[i].prices = testing::Prices(monthly);
  }
  return *core::Catalogue::Make(std::move(content));
}

struct History {
  core::Catalogue catalogue = AnyCatalogue();
  std::string currency = *rc::gen::elementOf(testing::kCurrencies);
  absl::Time now = Utc(2027, 1, 1) + kDay * *rc::gen::inRange(0, 1500);
  Aggregate aggregate;
  int64_t paid = 0;
  int orders = 0;

  std::string NextName() { return absl::StrCat("order", ++orders); }
  CivilDate Today() const { return core::TodayOf(aggregate.product, now); }

  absl::StatusOr<core::Offer> Upgrade(const std::string& plan) const {
    return core::OfferUpgrade(catalogue, aggregate, plan, currency, kParis, now);
  }
  void Take(const core::Offer& offer) { paid += testing::Buy(aggregate, offer, NextName(), now); }
};

History Bought() {
  History history;
  Aggregate& aggregate = history.aggregate;
  aggregate.product = testing::NewPlan("basic", *rc::gen::elementOf(kCycles));
  aggregate.product.currency = history.currency;
  const auto offer = core::OfferPurchase(history.catalogue, aggregate.product, kParis, history.now);
  RC_ASSERT(offer.ok());
  const std::string name = history.NextName();
  aggregate.orders.push_back(testing::OrderFor(*offer, name, history.now));
  testing::Pay(aggregate, Id(name), history.now);
  history.paid = offer->NetMinor();
  return history;
}

void RenewByHand(History& history) {
  const auto offer = core::OfferRenewal(history.catalogue, history.aggregate, *rc::gen::elementOf(kCycles),
                                        false, history.currency, kParis, history.now);
  if (offer.ok()) history.Take(*offer);
}

// Also what was chosen for the next renewal and then paid ahead (R11).
void ChooseNextPlan(History& history) {
  const core::ProductSettings settings{.next_plan_id = *rc::gen::element<std::string>("basic", "gold"),
                                       .next_cycle_months = *rc::gen::elementOf(kCycles)};
  (void)core::ChangeSettings(history.catalogue, settings, history.aggregate, history.now);
}

void LetTimePass(History& history) {
  const int64_t left = DaysBetween(history.Today(), core::ExpiryOf(history.aggregate.product));
  history.now += kDay * *rc::gen::inRange<int64_t>(0, std::max<int64_t>(1, left));
}

void UpgradeTo(History& history, const std::string& plan) {
  const auto offer = history.Upgrade(plan);
  if (offer.ok()) history.Take(*offer);
}

void AnyStep(History& history) {
  switch (*rc::gen::inRange(0, 5)) {
    case 0:
      return RenewByHand(history);
    case 1:
      return ChooseNextPlan(history);
    case 2:
      return LetTimePass(history);
    case 3:
      return UpgradeTo(history, *rc::gen::element<std::string>("gold", "platinum"));
    default:
      history.catalogue = AnyCatalogue();
  }
}

History AnyHistory() {
  History history = Bought();
  const int steps = *rc::gen::inRange(0, 12);
  for (int i = 0; i < steps; ++i) AnyStep(history);
  return history;
}

// No day lost, none twice; every unit that was paid is in exactly one term.
void CheckBooks(const History& history) {
  const Aggregate& aggregate = history.aggregate;
  Rational exact;
  CivilDate end = *aggregate.product.start;
  for (const Term& term : aggregate.terms) {
    RC_ASSERT(term.start == end);
    RC_ASSERT(term.start < term.end);
    RC_ASSERT(term.paid_minor >= 0);
    end = term.end;
    exact = exact + term.value;
  }
  RC_ASSERT(end == core::ExpiryOf(aggregate.product));
  RC_ASSERT(testing::PaidSum(aggregate) == history.paid);
  RC_ASSERT(exact == Rational::Whole(history.paid));
}

int RankOf(const History& history, const std::string& plan) {
  return history.catalogue.FindPlan(plan)->rank;
}

TEST_CASE("Whatever is bought, renewed, upgraded and chosen, at whatever prices, value is conserved (R10)") {
  CHECK(rc::check("conserved", [] {
    History history = Bought();
    const int steps = *rc::gen::inRange(1, 15);
    for (int i = 0; i < steps; ++i) {
      AnyStep(history);
      CheckBooks(history);
    }
  }));
}

TEST_CASE("An upgrade moves no date, and costs at most the full price of the time that it is for (R10)") {
  CHECK(rc::check("bounded", [] {
    History history = AnyHistory();
    const std::string plan = *rc::gen::element<std::string>("gold", "platinum");
    const auto offer = history.Upgrade(plan);
    RC_PRE(offer.ok());
    int64_t full = 0;
    for (const Term& term : history.aggregate.terms) {
      const bool is_upgraded =
          term.end > history.Today() && RankOf(history, term.plan_id) < RankOf(history, plan);
      if (is_upgraded) full += history.catalogue.PlanPrice(plan, term.cycle_months, history.currency)->minor;
    }
    RC_ASSERT(offer->NetMinor() >= 0);
    RC_ASSERT(offer->NetMinor() <= full);
    for (const core::Line& line : offer->lines) RC_ASSERT(line.net_minor >= 0);
    const CivilDate expiry = core::ExpiryOf(history.aggregate.product);
    history.Take(*offer);
    CheckBooks(history);
    RC_ASSERT(core::ExpiryOf(history.aggregate.product) == expiry);
    for (const Term& term : history.aggregate.terms)
      RC_ASSERT(term.end <= history.Today() || term.start < history.Today() ||
                RankOf(history, term.plan_id) >= RankOf(history, plan));
  }));
}

TEST_CASE("What is over, and what is of the plan already, is not touched by an upgrade or a new catalogue") {
  CHECK(rc::check("untouched", [] {
    History history = AnyHistory();
    const std::string plan = *rc::gen::element<std::string>("gold", "platinum");
    history.catalogue = AnyCatalogue();
    const auto offer = history.Upgrade(plan);
    RC_PRE(offer.ok());
    const std::vector<Term> before = history.aggregate.terms;
    const CivilDate today = history.Today();
    history.Take(*offer);
    for (const Term& term : before) {
      const bool stays = term.end <= today || RankOf(history, term.plan_id) >= RankOf(history, plan);
      if (!stays) continue;
      const auto& after = history.aggregate.terms;
      RC_ASSERT(std::find(after.begin(), after.end(), term) != after.end());
    }
  }));
}

// But for what is waived: less than the gateway charges at all.
TEST_CASE("Upgrades on one day cost the same in one step or in several (R10)") {
  CHECK(rc::check("A to B to C is A to C", [] {
    const History history = AnyHistory();
    const auto gold = history.Upgrade("gold");
    const auto platinum = history.Upgrade("platinum");
    // Where a new catalogue made platinum cheaper than what is held, there is nothing to pay, nor to compare.
    RC_PRE(gold.ok());
    RC_PRE(platinum.ok());
    RC_PRE(platinum->NetMinor() >= gold->NetMinor());
    History direct = history;
    UpgradeTo(direct, "platinum");
    History chained = history;
    UpgradeTo(chained, "gold");
    UpgradeTo(chained, "platinum");
    const int64_t once = direct.paid - history.paid;
    const int64_t twice = chained.paid - history.paid;
    const int64_t least = history.catalogue.LeastChargeMinor(history.currency);
    RC_ASSERT(twice <= once);
    RC_ASSERT(once - twice < least);
    RC_CLASSIFY(once == twice, "equal to the unit");
  }));
}

TEST_CASE("An upgrade's offer is its commit, or the commit is refused: after any other change it is stale") {
  CHECK(rc::check("offered is taken", [] {
    History history = AnyHistory();
    const auto offer = history.Upgrade("platinum");
    RC_PRE(offer.ok());
    const int64_t version = history.aggregate.product.paid_version;
    const int steps = *rc::gen::inRange(0, 3);
    for (int i = 0; i < steps; ++i) AnyStep(history);
    const core::Order order = testing::OrderFor(*offer, "late", history.now);
    const absl::Status started = core::StartOrder(history.aggregate, order, history.now);
    if (history.aggregate.product.paid_version != version) {
      RC_ASSERT(!started.ok());
    } else if (started.ok()) {
      testing::Pay(history.aggregate, order.id, history.now);
      history.paid += offer->NetMinor();
      CheckBooks(history);
    }
  }));
}

TEST_CASE("A plan paid ahead at a lower rank can be lifted to today's plan, which costs nothing of today's") {
  Aggregate aggregate = testing::PaidPlan(Utc(2027, 1, 15), "gold", 12);
  aggregate.product.next_plan_id = "basic";
  const absl::Time now = Utc(2027, 3, 1);
  testing::Buy(aggregate,
               *core::OfferRenewal(testing::TestCatalogue(), aggregate, 12, false, "EUR", kParis, now),
               "ahead", now);
  REQUIRE(aggregate.product.plan_id == "basic");
  core::Catalogue::Content dearer = testing::CatalogueContent();
  dearer.plans[2].prices = testing::Prices(2000);
  const core::Catalogue catalogue = *core::Catalogue::Make(dearer);
  const auto offer = core::OfferUpgrade(catalogue, aggregate, "gold", "EUR", kParis, now);
  REQUIRE(offer.ok());
  REQUIRE(offer->lines.size() == 1);
  CHECK(offer->TermStart() == CivilDate(2028, 1, 15));
  CHECK(offer->NetMinor() == catalogue.PlanPrice("gold", 12, "EUR")->minor -
                                 testing::TestCatalogue().PlanPrice("basic", 12, "EUR")->minor);
  const Term today = aggregate.terms[0];
  testing::Buy(aggregate, *offer, "lift", now);
  CHECK(aggregate.terms[0] == today);
  CHECK(aggregate.terms[1].plan_id == "gold");
}

}  // namespace
}  // namespace perennial::subscription
