#include <fstream>
#include <sstream>

#include "services/domain_mailbox/core/tld.h"
#include "services/payment_token/core/card_limits.h"
#include "services/payment_token/core/charge.h"
#include "services/subscription/storage/catalogue_file.h"
#include "tests/conformance/cases.h"
#include "tests/services/subscription/core/builders.h"

// Policies: retries, card networks, idempotency, the end of a domain. Ours are those that ship.
namespace perennial::conformance {
namespace {

using subscription::core::DunningPolicy;

constexpr char kZone[] = "Europe/Paris";

const subscription::core::Catalogue& Catalogue() {
  static const subscription::core::Catalogue catalogue = [] {
    std::ifstream file(PERENNIAL_ROOT "/services/subscription/catalogue.json");
    std::ostringstream text;
    text << file.rdbuf();
    return *subscription::ParseCatalogue(text.str());
  }();
  return catalogue;
}

// Days after the first attempt on which a soft decline is tried, the first included.
std::vector<int> AttemptDays(const DunningPolicy& policy) {
  const CivilDate day(2027, 3, 1);
  const absl::Time first = subscription::core::StartOfDayAfter(day, 0, kZone);
  const absl::Time end = subscription::core::StartOfDayAfter(day, policy.window_days, kZone);
  std::vector<int> days = {0};
  absl::Time now = first;
  while (const auto next = subscription::core::NextRung(policy, first, kZone, now, end)) {
    days.push_back(static_cast<int>(DaysBetween(day, DateAt(*next, *LoadTimeZone(kZone)))));
    now = *next;
  }
  return days;
}

json LadderOf(const json& in) {
  DunningPolicy policy = Catalogue().dunning();
  policy.soft_days = {0};
  for (const int days : in.at("intervals_days").get<std::vector<int>>())
    policy.soft_days.push_back(policy.soft_days.back() + days);
  if (!subscription::core::CheckDunningPolicy(policy).ok()) return "refused";
  return {{"attempt_days", AttemptDays(policy)}, {"then", "failed"}};
}

// Whether an automatic renewal that was declined for good is ever tried again by itself.
bool IsRetriedAfterHardDecline() {
  using namespace subscription;
  core::Aggregate plan = testing::PaidPlan(testing::Utc(2027, 1, 15));
  const absl::Time due = *plan.product.renew_at;
  const auto opened =
      core::OpenRenewal(testing::TestCatalogue(), testing::kParis, testing::Id("auto"), plan, due);
  if (!opened.value_or(false)) return true;
  core::Order& order = *plan.FindOrder(testing::Id("auto"));
  core::ProFormaMade(order, 100, due);
  core::BeginAttempt(testing::Policy(), plan, order, due);
  core::ChargeAnswered(testing::Policy(), plan, order,
                       {.state = core::AttemptState::kDeclined,
                        .decline_code = "stolen_card",
                        .decline_class = core::DeclineClass::kHard},
                       due);
  return order.wait == core::Wait::kRung;
}

std::string AfterHardDecline() {
  return IsRetriedAfterHardDecline() ? "retried" : "not retried";
}

json ShippedLadder(const json&) {
  const DunningPolicy& policy = Catalogue().dunning();
  return {{"tries", AttemptDays(policy).size()},
          {"within_days", policy.window_days},
          {"hard_declines", AfterHardDecline()}};
}

DunningPolicy Daily(int tries) {
  DunningPolicy policy = Catalogue().dunning();
  policy.attempts_per_30_days_max = 20;
  policy.soft_days.clear();
  for (int day = 0; day < tries; ++day) policy.soft_days.push_back(day);
  return policy;
}

json MostTries(const json&) {
  namespace payment = payment_token::core;
  const absl::Time now = absl::UnixEpoch();
  payment::CardTries tries;
  while (payment::NextAllowed(payment::CardBrand::kVisa, false, tries, now) == now)
    tries.declined.push_back(now);
  return {{"most_in_30_days", tries.declined.size()}, {"never_again", AfterHardDecline()}};
}

json DailyLadder(const json& in) {
  return {{"allowed", subscription::core::CheckDunningPolicy(Daily(in.at("daily_for_days"))).ok()}};
}

// Of ours at the gateway: a charge's id is the key there.
json Idempotency(const json&) {
  namespace payment = payment_token::core;
  const payment::ChargeRequest request{subscription::testing::Id("charge"),
                                       subscription::testing::Id("account"),
                                       subscription::testing::Id("order"),
                                       std::nullopt,
                                       Money{"EUR", 100},
                                       false,
                                       ""};
  payment::ChargeRequest other = request;
  other.amount.minor = 101;
  const payment::Charge charge = payment::OpenCharge(request, nullptr, absl::UnixEpoch());
  const bool is_same = payment::Answers(charge, request) && !payment::Answers(charge, other);
  return {{"key_chars_max", request.id.ToString().size()},
          {"kept_hours_least", 48},
          {"same_key_other_request", is_same ? "error" : "taken"},
          {"replay", "same answer; a refusal is decided anew"}};
}

json EndOfADomain(const json&) {
  using namespace subscription;
  const core::DomainPrice price = *Catalogue().FindDomainPrice("com", "EUR");
  core::Aggregate domain = testing::PaidDomain(testing::Utc(2027, 1, 15));
  core::Expire(testing::Policy(), domain, testing::Utc(2028, 1, 15));
  const auto restore = core::OfferRenewal(testing::TestCatalogue(), domain, 12, true, "EUR", testing::kParis,
                                          testing::Utc(2028, 2, 25));
  const auto sold = testing::TestCatalogue().FindDomainPrice("com", "EUR");
  const bool both = restore.ok() && restore->NetMinor() == sold->renew_year.minor + sold->redemption.minor;
  return {{"grace_days_most", price.redemption_after_days},
          {"redemption_days", price.redemption_days},
          {"pending_delete_days_most", nullptr},
          {"redemption_price", both ? "redemption fee and renewal" : "another"}};
}

json EndsOfADomain(const json& in) {
  const CivilDate expiry = Date(in.at("expiry"));
  const auto* tld = domain_mailbox::core::FindTld("com");
  const CivilDate redemption = expiry + tld->renew_grace_days;
  return {{"grace_ends", FormatDate(redemption)},
          {"redemption_ends", FormatDate(redemption + tld->redemption_days)},
          {"released", nullptr}};
}

}  // namespace

void AddPolicyCases(Plays& plays) {
  plays["KB-D01"] = LadderOf;
  plays["ST-D01"] = ShippedLadder;
  plays["NW-D01"] = MostTries;
  plays["NW-D03"] = DailyLadder;
  plays["idempotency"] = Idempotency;
  plays["WH-G01"] = EndOfADomain;
  plays["NO-G02"] = EndsOfADomain;
}

}  // namespace perennial::conformance
