#pragma once

#include <catch2/catch.hpp>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "services/subscription/core/order_machine.h"
#include "services/subscription/core/pricing.h"
#include "services/subscription/core/quoting.h"
#include "services/subscription/core/renewal_rules.h"

// A small catalogue and a customer, for tests of rules and use cases.
namespace perennial::subscription::testing {

inline absl::Time Utc(int year, int month, int day, int hour = 12, int minute = 0) {
  return absl::FromCivil(absl::CivilSecond(year, month, day, hour, minute, 0), absl::UTCTimeZone());
}

inline core::DunningPolicy Policy() {
  return {.lead_days = 14,
          .window_days = 45,
          .soft_days = {0, 1, 3, 5, 7, 10, 14, 18, 22, 26, 30, 35, 40, 44},
          .attempts_per_30_days_max = 18,
          .attempts_per_day_max = 8,
          .upcoming_days = 30,
          .expiring_days = 7,
          .last_warning_days = 5};
}

// Of 2, 2, 0 and 3 decimals.
inline const std::vector<std::string> kCurrencies = {"EUR", "USD", "JPY", "KWD"};

// `monthly` is the price a month of the 3-month cycle; each longer cycle is 3 % cheaper a month.
inline std::vector<core::CyclePrice> Prices(int64_t monthly) {
  std::vector<core::CyclePrice> prices;
  for (const std::string& currency : kCurrencies) {
    int64_t percent = 100;
    for (const int months : core::kCycleMonths) {
      prices.push_back({months, Money{currency, monthly * months * percent / 100}});
      percent -= 3;
    }
  }
  return prices;
}

inline core::Catalogue::Content CatalogueContent() {
  core::Catalogue::Content content;
  content.plans = {{"free", "Free", 0, {}, {}},
                   {"basic", "Basic", 1, {}, Prices(700)},
                   {"gold", "Gold", 2, {}, Prices(1500)},
                   {"platinum", "Platinum", 3, {}, Prices(2900)}};
  content.least_charge_minor = {{"EUR", 50}, {"USD", 50}, {"JPY", 50}, {"KWD", 150}};
  for (const std::string& currency : kCurrencies) {
    content.domains.push_back({"com", {currency, 1200}, {currency, 1500}, {currency, 9000}, 10, 35, 30});
    content.domains.push_back({"co.uk", {currency, 900}, {currency, 1000}, {currency, 5000}, 2, 35, 30});
    content.domains.push_back({"uk", {currency, 900}, {currency, 1000}, {currency, 5000}, 2, 35, 30});
  }
  content.mailboxes = Prices(300);
  content.mailbox_quota_mib = 10240;
  content.dunning = Policy();
  return content;
}

inline const core::Catalogue& TestCatalogue() {
  static const core::Catalogue catalogue = *core::Catalogue::Make(CatalogueContent());
  return catalogue;
}

inline Uuid Id(const std::string& name) {
  return Uuid::Derive(Uuid(), name);
}

inline const core::Customer kParis = {"fr", "Europe/Paris"};

// A new plan product, not paid yet.
inline core::Product NewPlan(const std::string& plan = "gold", int cycle_months = 12) {
  core::Product product;
  product.id = Id("product");
  product.account_id = Id("account");
  product.kind = core::ProductKind::kPlan;
  product.display_name = "Gold";
  product.site_id = Id("site");
  product.plan_id = plan;
  product.currency = "EUR";
  product.cycle_months = cycle_months;
  product.return_days = 31;
  return product;
}

inline core::Order OrderFor(const core::Offer& offer, const std::string& name, absl::Time now) {
  core::Order order;
  order.id = Id(name);
  order.account_id = Id("account");
  order.quote_id = Id(name + "/quote");
  order.offer = offer;
  order.total_minor = offer.NetMinor();
  order.created_at = order.updated_at = now;
  order.next_at = now;
  return order;
}

// Takes an order through payment to its end.
inline void Pay(core::Aggregate& aggregate, const Uuid& order_id, absl::Time now) {
  const core::DunningPolicy policy = Policy();
  core::Order& order = *aggregate.FindOrder(order_id);
  core::ProFormaMade(order, order.offer.NetMinor(), now);
  if (order.offer.NetMinor() > 0) {
    core::BeginAttempt(policy, aggregate, order, now);
    core::ChargeAnswered(policy, aggregate, order, {.state = core::AttemptState::kSucceeded}, now);
    core::InvoiceIssued(order, "invoice", now);
  }
  core::Apply(policy, aggregate, order, now);
  if (order.step == core::OrderStep::kDeliver) {
    core::DeliveryAnswered(policy, aggregate, order, {core::DeliveryAnswer::State::kDone, std::nullopt}, now);
  }
  std::erase_if(aggregate.terms,
                [](const core::Term& term) { return term.state != core::TermState::kActive; });
  std::sort(aggregate.terms.begin(), aggregate.terms.end(),
            [](const core::Term& a, const core::Term& b) { return a.start < b.start; });
}

// A plan bought and paid at `now`.
inline core::Aggregate PaidPlan(absl::Time now, const std::string& plan = "gold", int cycle_months = 12) {
  core::Aggregate aggregate;
  aggregate.product = NewPlan(plan, cycle_months);
  const core::Offer offer = *core::OfferPurchase(TestCatalogue(), aggregate.product, kParis, now);
  aggregate.orders.push_back(OrderFor(offer, "purchase", now));
  Pay(aggregate, Id("purchase"), now);
  return aggregate;
}

// A domain of a year, bought and paid at `now`.
inline core::Aggregate PaidDomain(absl::Time now) {
  core::Aggregate aggregate;
  aggregate.product = NewPlan();
  aggregate.product.kind = core::ProductKind::kDomain;
  aggregate.product.plan_id.clear();
  aggregate.product.domain_name = aggregate.product.display_name = "example.com";
  aggregate.product.return_days = *core::ReturnDays(TestCatalogue(), aggregate.product);
  const core::Offer offer = *core::OfferPurchase(TestCatalogue(), aggregate.product, kParis, now);
  aggregate.orders.push_back(OrderFor(offer, "purchase", now));
  Pay(aggregate, Id("purchase"), now);
  return aggregate;
}

inline int64_t PaidSum(const core::Aggregate& aggregate) {
  int64_t sum = 0;
  for (const core::Term& term : aggregate.terms) {
    if (term.state == core::TermState::kActive) sum += term.paid_minor;
  }
  return sum;
}

// When the tests' plan is bought, and when its renewal is tried first: 1 January 2028, start of the day in
// Paris, 14 days before the expiry.
inline const absl::Time kStart = Utc(2027, 1, 15);
inline const absl::Time kFirstAttempt = Utc(2027, 12, 31, 23, 0);

// That plan, with its automatic renewal "auto" opened.
inline core::Aggregate WithRenewalDue() {
  core::Aggregate aggregate = PaidPlan(kStart);
  aggregate.events.clear();
  const auto opened = core::OpenRenewal(TestCatalogue(), kParis, Id("auto"), aggregate, kFirstAttempt);
  REQUIRE(opened.ok());
  REQUIRE(*opened);
  return aggregate;
}

// Takes an order to a payment that the bank declines.
inline void Decline(core::Aggregate& aggregate, const Uuid& id, core::DeclineClass decline_class,
                    absl::Time now) {
  core::Order& order = *aggregate.FindOrder(id);
  if (!order.total_minor) core::ProFormaMade(order, order.offer.NetMinor(), now);
  core::BeginAttempt(Policy(), aggregate, order, now);
  core::ChargeAnswered(
      Policy(), aggregate, order,
      {.state = core::AttemptState::kDeclined, .decline_code = "no_funds", .decline_class = decline_class},
      now);
}

// Buys whatever `offer` is, and returns what it cost.
inline int64_t Buy(core::Aggregate& aggregate, const core::Offer& offer, const std::string& name,
                   absl::Time now) {
  REQUIRE(core::StartOrder(aggregate, OrderFor(offer, name, now), now).ok());
  Pay(aggregate, Id(name), now);
  return offer.NetMinor();
}

}  // namespace perennial::subscription::testing
