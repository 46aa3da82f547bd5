#include "services/subscription/core/catalogue.h"

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace perennial::subscription::core {
namespace {

// A price above this is a slip of the pen.
constexpr int64_t kMaxPriceMinor = 1'000'000'000;

absl::Status CycleNotOffered() {
  return Refusal(absl::StatusCode::kInvalidArgument, "CYCLE_NOT_OFFERED", "the catalogue has no such cycle");
}

absl::Status CurrencyNotOffered() {
  return Refusal(absl::StatusCode::kInvalidArgument, "CURRENCY_NOT_OFFERED",
                 "there are no prices in this currency");
}

const CyclePrice* Find(const std::vector<CyclePrice>& prices, int cycle_months, absl::string_view currency) {
  for (const CyclePrice& price : prices) {
    if (price.cycle_months == cycle_months && price.price.currency == currency) return &price;
  }
  return nullptr;
}

std::set<std::string> CurrenciesOf(const Catalogue::Content& content) {
  std::set<std::string> currencies;
  for (const CyclePrice& price : content.mailboxes) currencies.insert(price.price.currency);
  return currencies;
}

// Every cycle in every currency, each strictly cheaper a month than the shorter one (R9).
void CheckCycles(absl::string_view what, const std::vector<CyclePrice>& prices,
                 const std::set<std::string>& currencies, std::vector<std::string>& faults) {
  if (prices.size() != currencies.size() * kCycleMonths.size())
    faults.push_back(absl::StrCat(what, ": needs one price a cycle and currency"));
  for (const std::string& currency : currencies) {
    const CyclePrice* shorter = nullptr;
    for (const int months : kCycleMonths) {
      const CyclePrice* price = Find(prices, months, currency);
      if (price == nullptr) {
        faults.push_back(absl::StrCat(what, ": no price for ", months, " months in ", currency));
        continue;
      }
      if (price->price.minor <= 0 || price->price.minor > kMaxPriceMinor)
        faults.push_back(absl::StrCat(what, ": price for ", months, " months is out of range"));
      const bool cheaper = shorter == nullptr || Rational(price->price.minor, months) <
                                                     Rational(shorter->price.minor, shorter->cycle_months);
      if (!cheaper)
        faults.push_back(
            absl::StrCat(what, ": ", months, " months in ", currency, " is not cheaper a month (R9)"));
      shorter = price;
    }
  }
}

void CheckPlans(const Catalogue::Content& content, const std::set<std::string>& currencies,
                std::vector<std::string>& faults) {
  if (content.plans.empty() || content.plans[0].id != kFreePlan || content.plans[0].rank != 0 ||
      !content.plans[0].prices.empty() || content.plans[0].retired)
    faults.push_back("the first plan must be free, of rank 0, without prices, and not retired");
  for (size_t i = 1; i < content.plans.size(); ++i) {
    const Plan& plan = content.plans[i];
    const Plan& below = content.plans[i - 1];
    if (plan.rank <= below.rank) faults.push_back(absl::StrCat(plan.id, ": plans must be in order of rank"));
    CheckCycles(plan.id, plan.prices, currencies, faults);
    for (const CyclePrice& price : below.prices) {
      const CyclePrice* dearer = Find(plan.prices, price.cycle_months, price.price.currency);
      // Else a customer would gain by an upgrade and a downgrade.
      if (dearer != nullptr && dearer->price.minor <= price.price.minor)
        faults.push_back(absl::StrCat(plan.id, ": must be dearer than ", below.id));
    }
  }
}

void CheckDomains(const Catalogue::Content& content, const std::set<std::string>& currencies,
                  std::vector<std::string>& faults) {
  std::set<std::pair<std::string, std::string>> seen;
  for (const DomainPrice& price : content.domains) {
    const auto currency = price.register_year.currency;
    if (!seen.emplace(price.tld, currency).second)
      faults.push_back(absl::StrCat(price.tld, ": priced twice"));
    const bool in_range = price.register_year.minor > 0 && price.renew_year.minor > 0 &&
                          price.redemption.minor > 0 && price.years_max >= 1 && price.years_max <= 10 &&
                          price.redemption_after_days > 0;
    if (!in_range) faults.push_back(absl::StrCat(price.tld, ": price or years out of range"));
    if (price.redemption_days <= kRestoreMarginDays)
      faults.push_back(
          absl::StrCat(price.tld, ": redemption is over before a restore is sure to arrive (R20)"));
    // Else the automatic renewal of the last days would be a restore that nobody consented to.
    if (price.redemption_after_days < content.dunning.window_days - content.dunning.lead_days)
      faults.push_back(absl::StrCat(price.tld, ": redemption begins while retries still run (R17, R20)"));
  }
  for (const DomainPrice& price : content.domains) {
    for (const std::string& currency : currencies) {
      if (!seen.contains({price.tld, currency}))
        faults.push_back(absl::StrCat(price.tld, ": no price in ", currency));
    }
  }
}

}  // namespace

absl::StatusOr<Catalogue> Catalogue::Make(Content content) {
  std::vector<std::string> faults;
  const std::set<std::string> currencies = CurrenciesOf(content);
  for (const std::string& currency : currencies) {
    if (!IsCurrencyCode(currency)) faults.push_back(absl::StrCat(currency, " is not a currency"));
    const auto least = content.least_charge_minor.find(currency);
    if (least == content.least_charge_minor.end() || least->second <= 0)
      faults.push_back(absl::StrCat(currency, ": needs its least_charge"));
  }
  CheckPlans(content, currencies, faults);
  CheckCycles("mailbox", content.mailboxes, currencies, faults);
  CheckDomains(content, currencies, faults);
  if (content.mailbox_quota_mib <= 0) faults.push_back("mailbox: quota_mib must be more than 0");
  if (const absl::Status status = CheckDunningPolicy(content.dunning); !status.ok())
    faults.emplace_back(status.message());
  if (!faults.empty()) return absl::InvalidArgumentError(absl::StrJoin(faults, "; "));
  return Catalogue(std::move(content));
}

bool Catalogue::SellsIn(absl::string_view currency) const {
  return CurrenciesOf(content_).contains(std::string(currency));
}

int64_t Catalogue::LeastChargeMinor(absl::string_view currency) const {
  const auto it = content_.least_charge_minor.find(std::string(currency));
  return it == content_.least_charge_minor.end() ? 0 : it->second;
}

absl::StatusOr<Plan> Catalogue::FindPlan(absl::string_view id) const {
  for (const Plan& plan : content_.plans) {
    if (plan.id == id) return plan;
  }
  return NotFound("PLAN_NOT_FOUND", "the catalogue has no such plan");
}

absl::StatusOr<Plan> Catalogue::FindPlanOnSale(absl::string_view id) const {
  absl::StatusOr<Plan> plan = FindPlan(id);
  if (plan.ok() && plan->retired) return NotFound("PLAN_NOT_FOUND", "the plan is not sold any more");
  return plan;
}

absl::StatusOr<Money> Catalogue::PlanPrice(absl::string_view plan_id, int cycle_months,
                                           absl::string_view currency) const {
  ASSIGN_OR_RETURN(const Plan plan, FindPlan(plan_id));
  if (!SellsIn(currency)) return CurrencyNotOffered();
  const CyclePrice* price = Find(plan.prices, cycle_months, currency);
  if (price == nullptr) return CycleNotOffered();
  return price->price;
}

absl::StatusOr<Money> Catalogue::MailboxPrice(int cycle_months, absl::string_view currency) const {
  if (!SellsIn(currency)) return CurrencyNotOffered();
  const CyclePrice* price = Find(content_.mailboxes, cycle_months, currency);
  if (price == nullptr) return CycleNotOffered();
  return price->price;
}

absl::StatusOr<DomainPrice> Catalogue::FindDomainPrice(absl::string_view tld,
                                                       absl::string_view currency) const {
  if (!SellsIn(currency)) return CurrencyNotOffered();
  for (const DomainPrice& price : content_.domains) {
    if (price.tld == tld && price.register_year.currency == currency) return price;
  }
  return Precondition("TLD_NOT_OFFERED", "names under this top-level domain are not sold here");
}

absl::StatusOr<std::string> Catalogue::TldOf(absl::string_view domain_name) const {
  std::string longest;
  for (const DomainPrice& price : content_.domains) {
    const std::string suffix = absl::StrCat(".", price.tld);
    if (price.tld.size() <= longest.size() || !absl::EndsWith(domain_name, suffix)) continue;
    const absl::string_view label = domain_name.substr(0, domain_name.size() - suffix.size());
    if (!label.empty() && !absl::StrContains(label, ".")) longest = price.tld;
  }
  if (longest.empty())
    return Precondition("TLD_NOT_OFFERED", "names under this top-level domain are not sold here");
  return longest;
}

}  // namespace perennial::subscription::core
