#include "services/subscription/core/renewal_rules.h"

#include <catch2/catch.hpp>

#include "services/subscription/core/texts.h"
#include "tests/services/subscription/core/builders.h"
#include "tests/support/status_matchers.h"

namespace perennial::subscription {
namespace {

using core::Aggregate;
using core::ProductSettings;
using core::RenewalState;
using testing::Id;
using testing::kParis;
using testing::kStart;
using testing::PaidPlan;
using testing::Policy;
using testing::TestCatalogue;
using testing::Utc;

ProductSettings NextPlan(const std::string& plan) {
  return {.auto_renew = {}, .next_plan_id = plan, .next_cycle_months = {}};
}

ProductSettings AutoRenew(bool on) {
  return {.auto_renew = on, .next_plan_id = {}, .next_cycle_months = {}};
}

TEST_CASE("A downgrade and a change of cycle wait for the next renewal, and can be taken back (R11)") {
  Aggregate aggregate = PaidPlan(kStart, "gold", 12);
  CHECK_REFUSED(core::ChangeSettings(TestCatalogue(), NextPlan("platinum"), aggregate, kStart),
                "NOT_A_DOWNGRADE");
  CHECK_REFUSED(core::ChangeSettings(TestCatalogue(), NextPlan("silver"), aggregate, kStart),
                "PLAN_NOT_FOUND");
  REQUIRE_OK(core::ChangeSettings(TestCatalogue(), NextPlan("basic"), aggregate, kStart));
  REQUIRE_OK(core::ChangeSettings(
      TestCatalogue(), {.auto_renew = {}, .next_plan_id = {}, .next_cycle_months = 24}, aggregate, kStart));
  CHECK(aggregate.product.plan_id == "gold");
  const auto next = core::NextRenewalOf(TestCatalogue(), aggregate, kStart);
  CHECK(next.state == RenewalState::kScheduled);
  CHECK(next.amount == *TestCatalogue().PlanPrice("basic", 24, "EUR"));
  Aggregate undone = aggregate;
  REQUIRE_OK(core::ChangeSettings(TestCatalogue(), NextPlan("gold"), undone, kStart));
  CHECK(undone.product.next_plan_id.empty());

  const absl::Time due = *aggregate.product.renew_at;
  REQUIRE(*core::OpenRenewal(TestCatalogue(), kParis, Id("auto"), aggregate, due));
  testing::Pay(aggregate, Id("auto"), due);
  // The paid term keeps its plan to its end.
  CHECK(core::TermOn(aggregate.terms, CivilDate(2028, 1, 14))->plan_id == "gold");
  CHECK(core::TermOn(aggregate.terms, CivilDate(2028, 1, 15))->plan_id == "basic");
  CHECK(core::ExpiryOf(aggregate.product) == CivilDate(2030, 1, 15));
}

TEST_CASE("Switched off after this term's renewal was charged, it is about the next term (R14)") {
  Aggregate aggregate = PaidPlan(kStart);
  CHECK_FALSE(core::PaidAhead(aggregate.product, aggregate.terms, kStart));
  const absl::Time due = *aggregate.product.renew_at;
  REQUIRE(*core::OpenRenewal(TestCatalogue(), kParis, Id("auto"), aggregate, due));
  testing::Pay(aggregate, Id("auto"), due);
  CHECK(core::PaidAhead(aggregate.product, aggregate.terms, due));
  CHECK(core::NextRenewalOf(TestCatalogue(), aggregate, due).state == RenewalState::kPaid);
  REQUIRE_OK(core::ChangeSettings(TestCatalogue(), AutoRenew(false), aggregate, due));
  CHECK(core::ExpiryOf(aggregate.product) == CivilDate(2029, 1, 15));
  CHECK_FALSE(aggregate.product.renew_at);
}

TEST_CASE(
    "With auto-renew off the product ends at its expiry and can be renewed by hand for 31 days more (R18)") {
  Aggregate aggregate = PaidPlan(kStart);
  REQUIRE_OK(core::ChangeSettings(TestCatalogue(), AutoRenew(false), aggregate, kStart));
  CHECK(core::NextRenewalOf(TestCatalogue(), aggregate, kStart).state == RenewalState::kOff);
  const absl::Time expiry = *aggregate.product.expires_at;
  CHECK_FALSE(core::Expire(Policy(), aggregate, expiry - absl::Seconds(1)));
  CHECK(core::Expire(Policy(), aggregate, expiry));
  CHECK(aggregate.events.back().type == "product.expired");
  CHECK(aggregate.events.back().attributes.at("expiry") == "2028-01-15");
  const absl::Time last = *aggregate.product.ends_at - absl::Seconds(1);
  CHECK(core::OfferRenewal(TestCatalogue(), aggregate, 0, false, "EUR", kParis, last)->TermStart() ==
        CivilDate(2028, 1, 15));
  CHECK_REFUSED(
      core::OfferRenewal(TestCatalogue(), aggregate, 0, false, "EUR", kParis, *aggregate.product.ends_at),
      "PRODUCT_NOT_RENEWABLE");
  // Switching it on now charges nothing: the product has ended already.
  REQUIRE_OK(core::ChangeSettings(TestCatalogue(), AutoRenew(true), aggregate, last));
  CHECK_FALSE(aggregate.product.renew_at);
}

TEST_CASE("Notices come about a month and a week before, once a term (R19)") {
  Aggregate aggregate = PaidPlan(kStart);
  aggregate.events.clear();
  CHECK_FALSE(core::TellAhead(TestCatalogue(), aggregate, kStart));
  const absl::Time month = *aggregate.product.notice_at;
  CHECK(core::TellAhead(TestCatalogue(), aggregate, month));
  CHECK_FALSE(core::TellAhead(TestCatalogue(), aggregate, month));
  CHECK(aggregate.events[0].type == "renewal.upcoming");
  CHECK(aggregate.events[0].attributes.at("amount_minor") ==
        std::to_string(TestCatalogue().PlanPrice("gold", 12, "EUR")->minor));
  const absl::Time week = *aggregate.product.notice_at;
  CHECK(week - month == absl::Hours(24 * 23));
  CHECK(core::TellAhead(TestCatalogue(), aggregate, week));
  CHECK(aggregate.events[1].type == "product.expiring");
  CHECK_FALSE(aggregate.product.notice_at);
}

TEST_CASE("An expired domain in redemption costs more and needs consent (R20)") {
  Aggregate aggregate = testing::PaidDomain(kStart);
  REQUIRE(core::Expire(Policy(), aggregate, *aggregate.product.expires_at));
  const auto renew = [&](absl::Time now, bool consent) {
    return core::OfferRenewal(TestCatalogue(), aggregate, 0, consent, "EUR", kParis, now);
  };
  CHECK(renew(Utc(2028, 2, 18), false)->NetMinor() == 1500);
  CHECK_REFUSED(renew(Utc(2028, 2, 19), false), "REDEMPTION_CONSENT_REQUIRED");
  CHECK(renew(Utc(2028, 2, 19), true)->NetMinor() == 1500 + 9000);
  CHECK(renew(Utc(2028, 2, 19), true)->restore);
  CHECK_REFUSED(core::OfferRenewal(TestCatalogue(), aggregate, 13, true, "EUR", kParis, Utc(2028, 2, 19)),
                "CYCLE_NOT_OFFERED");
}

TEST_CASE(
    "A domain ends only when it can no longer be restored, its retries after 45 days as all (R17, R20)") {
  Aggregate aggregate =
      testing::PaidDomain(kStart);  // until 15 January 2028: 35 days of grace, 30 of redemption
  CHECK(*aggregate.product.ends_at == core::StartOfDayAfter(CivilDate(2028, 1, 15), 62, "Europe/Paris"));
  const absl::Time due = *aggregate.product.renew_at;
  REQUIRE(*core::OpenRenewal(TestCatalogue(), kParis, Id("auto"), aggregate, due));
  const core::Order& order = *aggregate.FindOrder(Id("auto"));
  CHECK(*order.dunning_ends_at == core::StartOfDayAfter(CivilDate(2028, 1, 1), 45, "Europe/Paris"));
  REQUIRE(core::Expire(Policy(), aggregate, *aggregate.product.expires_at));
  const absl::Time last = *aggregate.product.ends_at - absl::Seconds(1);
  core::Wake(aggregate, *aggregate.FindOrder(Id("auto")), *order.dunning_ends_at);
  CHECK_FALSE(core::End(Policy(), aggregate, last));
  REQUIRE_OK(core::OfferRenewal(TestCatalogue(), aggregate, 0, true, "EUR", kParis, last));
  CHECK(core::End(Policy(), aggregate, *aggregate.product.ends_at));
  CHECK(aggregate.events.back().type == "product.deleted");
}

TEST_CASE("A catalogue whose domains cannot be restored, or only against the ladder, is refused (R20)") {
  core::Catalogue::Content early = testing::CatalogueContent();
  early.domains[0].redemption_after_days = 30;
  CHECK_FALSE(core::Catalogue::Make(early).ok());
  core::Catalogue::Content never = testing::CatalogueContent();
  never.domains[0].redemption_days = 3;
  CHECK_FALSE(core::Catalogue::Make(never).ok());
}

TEST_CASE(
    "A renewal that could not be opened before the expiry is opened after it, within the 45 days (R15)") {
  Aggregate aggregate = PaidPlan(kStart);
  const absl::Time expiry = *aggregate.product.expires_at;
  REQUIRE(core::Expire(Policy(), aggregate, expiry));
  REQUIRE(aggregate.product.renew_at);
  Aggregate late = aggregate;
  REQUIRE(*core::OpenRenewal(TestCatalogue(), kParis, Id("auto"), aggregate, expiry));
  CHECK(*aggregate.FindOrder(Id("auto"))->dunning_ends_at ==
        core::StartOfDayAfter(CivilDate(2028, 1, 15), 31, "Europe/Paris"));
  CHECK_FALSE(*core::OpenRenewal(TestCatalogue(), kParis, Id("auto"), late,
                                 core::StartOfDayAfter(CivilDate(2028, 1, 15), 31, "Europe/Paris")));
  CHECK_FALSE(late.product.renew_at);
}

TEST_CASE("A product of 10 years is renewed by hand for as long when its automatic renewal is due (R12)") {
  Aggregate aggregate = PaidPlan(kStart, "gold", 120);
  const absl::Time due = *aggregate.product.renew_at;
  CHECK_REFUSED(
      core::OfferRenewal(TestCatalogue(), aggregate, 120, false, "EUR", kParis, due - absl::Seconds(1)),
      "RENEWAL_TOO_FAR");
  REQUIRE_OK(core::OfferRenewal(TestCatalogue(), aggregate, 120, false, "EUR", kParis, due));
}

TEST_CASE("An upgrade below what the gateway charges at all is free, and says so (R10)") {
  Aggregate aggregate = PaidPlan(kStart, "gold", 3);
  const absl::Time last_day = Utc(2027, 4, 14);
  const auto full =
      core::OfferUpgrade(TestCatalogue(), aggregate, "platinum", "EUR", kParis, Utc(2027, 4, 13));
  CHECK(full->NetMinor() >= 50);
  const auto waived = core::OfferUpgrade(TestCatalogue(), aggregate, "platinum", "EUR", kParis, last_day);
  REQUIRE_OK(waived);
  CHECK(waived->NetMinor() == 0);
  CHECK(waived->lines[0].description.find("offert") != std::string::npos);
  // To the cent.
  const auto net_minor = [&](int64_t least_minor) {
    auto content = testing::CatalogueContent();
    content.least_charge_minor["EUR"] = least_minor;
    return core::OfferUpgrade(*core::Catalogue::Make(content), aggregate, "platinum", "EUR", kParis, last_day)
        ->NetMinor();
  };
  const int64_t whole_minor = net_minor(1);
  REQUIRE(whole_minor > 1);
  CHECK(net_minor(whole_minor) == whole_minor);
  CHECK(net_minor(whole_minor + 1) == 0);
}

TEST_CASE("A long name is cut between characters, never within one") {
  std::string name = "a";
  for (int i = 0; i < 100; ++i) name += "\u00e9";  // 2 bytes each: byte 150 is within one
  const std::string text = core::TermText(core::ProductKind::kDomain, name, 12, "en");
  CHECK(text == "Domain " + name.substr(0, 149) + ", 1 year");
  CHECK(core::RestoreText(name, "en") == "Restoring domain " + name.substr(0, 149));
}

TEST_CASE("Nobody pays for more than 10 years ahead (R9)") {
  Aggregate aggregate = PaidPlan(kStart, "gold", 120);
  CHECK_REFUSED(core::OfferRenewal(TestCatalogue(), aggregate, 3, false, "EUR", kParis, kStart),
                "RENEWAL_TOO_FAR");
  CHECK(core::OfferRenewal(TestCatalogue(), aggregate, 3, false, "EUR", kParis, Utc(2027, 4, 15)).ok());
}

TEST_CASE("A quote of a product that changed meanwhile is stale") {
  Aggregate aggregate = PaidPlan(kStart);
  const auto first = core::OfferUpgrade(TestCatalogue(), aggregate, "platinum", "EUR", kParis, kStart);
  const auto renewal = core::OfferRenewal(TestCatalogue(), aggregate, 0, false, "EUR", kParis, kStart);
  testing::Buy(aggregate, *renewal, "renewal", kStart);
  CHECK_REFUSED(core::StartOrder(aggregate, testing::OrderFor(*first, "upgrade", kStart), kStart),
                "QUOTE_STALE");
  CHECK_REFUSED(core::OfferUpgrade(TestCatalogue(), aggregate, "basic", "EUR", kParis, kStart),
                "NOT_AN_UPGRADE");
  CHECK_REFUSED(core::OfferUpgrade(TestCatalogue(), aggregate, "gold", "EUR", kParis, kStart),
                "NOT_AN_UPGRADE");
  CHECK_REFUSED(core::OfferUpgrade(TestCatalogue(), aggregate, "platinum", "USD", kParis, kStart),
                "CURRENCY_MISMATCH");
}

TEST_CASE("Deleting the account ends what waits, and waits for what charges (R7)") {
  Aggregate aggregate = PaidPlan(kStart);
  const absl::Time due = *aggregate.product.renew_at;
  REQUIRE(*core::OpenRenewal(TestCatalogue(), kParis, Id("auto"), aggregate, due));
  CHECK_FALSE(core::CloseForDeletion(aggregate, due));  // its pro-forma is still to be cancelled
  core::Order& order = *aggregate.FindOrder(Id("auto"));
  CHECK(order.failure == core::OrderFailure::kAccountDeleted);
  core::ProFormaCancelled(order, due);
  CHECK(core::CloseForDeletion(aggregate, due));
}

}  // namespace
}  // namespace perennial::subscription
