#include "services/subscription/storage/catalogue_file.h"

#include <nlohmann/json.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace perennial::subscription {
namespace {

using nlohmann::json;

// {"EUR": {"3": 2100, ...}, ...}: minor units by currency and cycle.
std::vector<core::CyclePrice> PricesOf(const json& by_currency) {
  std::vector<core::CyclePrice> prices;
  for (const auto& [currency, by_cycle] : by_currency.items()) {
    for (const int months : core::kCycleMonths) {
      const auto it = by_cycle.find(std::to_string(months));
      if (it != by_cycle.end()) prices.push_back({months, Money{currency, it->get<int64_t>()}});
    }
  }
  return prices;
}

core::Entitlements EntitlementsOf(const json& value) {
  return {.own_domain = value.at("own_domain"),
          .mailboxes_max = value.at("mailboxes_max"),
          .ecommerce = value.at("ecommerce"),
          .design_tools = value.at("design_tools"),
          .storage_mib = value.at("storage_mib"),
          .pages_max = value.at("pages_max"),
          .branded = value.at("branded")};
}

core::DunningPolicy DunningOf(const json& value) {
  return {.lead_days = value.at("lead_days"),
          .window_days = value.at("window_days"),
          .soft_days = value.at("soft_days").get<std::vector<int>>(),
          .attempts_per_30_days_max = value.at("attempts_per_30_days_max"),
          .attempts_per_day_max = value.at("attempts_per_day_max"),
          .upcoming_days = value.at("upcoming_days"),
          .expiring_days = value.at("expiring_days"),
          .last_warning_days = value.at("last_warning_days")};
}

void AddDomain(const json& value, core::Catalogue::Content& content) {
  for (const auto& [currency, prices] : value.at("prices").items()) {
    content.domains.push_back({.tld = value.at("tld"),
                               .register_year = {currency, prices.at("register")},
                               .renew_year = {currency, prices.at("renew")},
                               .redemption = {currency, prices.at("redemption")},
                               .years_max = value.at("years_max"),
                               .redemption_after_days = value.at("redemption_after_days"),
                               .redemption_days = value.at("redemption_days"),
                               .retired = value.value("retired", false)});
  }
}

}  // namespace

absl::StatusOr<core::Catalogue> ParseCatalogue(const std::string& json_text) {
  core::Catalogue::Content content;
  try {
    const json root = json::parse(json_text);
    for (const json& plan : root.at("plans")) {
      content.plans.push_back({.id = plan.at("id"),
                               .display_name = plan.at("display_name"),
                               .rank = plan.at("rank"),
                               .entitlements = EntitlementsOf(plan.at("entitlements")),
                               .prices = PricesOf(plan.at("prices")),
                               .retired = plan.value("retired", false)});
    }
    for (const json& domain : root.at("domains")) AddDomain(domain, content);
    content.mailboxes = PricesOf(root.at("mailbox").at("prices"));
    content.mailbox_quota_mib = root.at("mailbox").at("quota_mib");
    content.least_charge_minor = root.at("least_charge").get<std::map<std::string, int64_t>>();
    content.dunning = DunningOf(root.at("dunning"));
  } catch (const json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("the catalogue cannot be read: ", error.what()));
  }
  return core::Catalogue::Make(std::move(content));
}

}  // namespace perennial::subscription
