#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/base/money.h"
#include "services/subscription/core/dunning.h"

namespace perennial::subscription::core {

// The cycles on offer, in months (R9).
inline constexpr std::array<int, 7> kCycleMonths = {3, 6, 12, 24, 36, 60, 120};
inline constexpr int kMonthsAheadMax = 120;
inline constexpr char kFreePlan[] = "free";
// A restore needs so many days before the end of redemption to reach the registry for sure.
inline constexpr int kRestoreMarginDays = 3;

// What a plan allows a site (R8).
struct Entitlements {
  bool own_domain = false;
  int mailboxes_max = 0;
  bool ecommerce = false;
  bool design_tools = false;
  int64_t storage_mib = 0;
  int pages_max = 0;  // 0: without limit
  bool branded = true;
};

// Net price of a whole cycle.
struct CyclePrice {
  int cycle_months = 0;
  Money price;
};

struct Plan {
  std::string id;  // "gold"
  std::string display_name;
  int rank = 0;  // Free is 0
  Entitlements entitlements;
  std::vector<CyclePrice> prices;  // empty for Free
  // Not sold any more; who has it keeps it, and renews it at its price.
  bool retired = false;
};

// Prices under one top-level domain in one currency.
struct DomainPrice {
  std::string tld;      // "co.uk"
  Money register_year;  // the first registration, a year
  Money renew_year;
  Money redemption;  // once, on top of the renewal (R20)
  int years_max = 0;
  // Days after expiry from which a renewal is a restore.
  int redemption_after_days = 0;
  int redemption_days = 0;  // after that it can be restored so long
  bool retired = false;     // as a plan is
};

// What is on offer, at list prices net of tax. Immutable; a new one never touches what was bought.
class Catalogue {
 public:
  struct Content {
    std::vector<Plan> plans;
    std::vector<DomainPrice> domains;
    std::vector<CyclePrice> mailboxes;
    int mailbox_quota_mib = 0;
    // The least that the gateway charges, by currency: all that is on offer.
    std::map<std::string, int64_t> least_charge_minor;
    DunningPolicy dunning;
  };

  // INVALID_ARGUMENT lists every rule that the content breaks: all cycles in all currencies, strictly cheaper
  // a month the longer (R9), a higher rank dearer, the ladder within the networks' limits (R17).
  static absl::StatusOr<Catalogue> Make(Content content);

  const std::vector<Plan>& plans() const { return content_.plans; }
  const std::vector<DomainPrice>& domains() const { return content_.domains; }
  const std::vector<CyclePrice>& mailboxes() const { return content_.mailboxes; }
  int mailbox_quota_mib() const { return content_.mailbox_quota_mib; }
  const DunningPolicy& dunning() const { return content_.dunning; }

  bool SellsIn(absl::string_view currency) const;
  // 0 for a currency that is not on offer.
  int64_t LeastChargeMinor(absl::string_view currency) const;
  // Also one that is retired. PLAN_NOT_FOUND.
  absl::StatusOr<Plan> FindPlan(absl::string_view id) const;
  // One to be bought, or changed to. PLAN_NOT_FOUND.
  absl::StatusOr<Plan> FindPlanOnSale(absl::string_view id) const;
  // PLAN_NOT_FOUND, CYCLE_NOT_OFFERED, CURRENCY_NOT_OFFERED.
  absl::StatusOr<Money> PlanPrice(absl::string_view plan_id, int cycle_months,
                                  absl::string_view currency) const;
  absl::StatusOr<Money> MailboxPrice(int cycle_months, absl::string_view currency) const;
  // TLD_NOT_OFFERED, CURRENCY_NOT_OFFERED.
  absl::StatusOr<DomainPrice> FindDomainPrice(absl::string_view tld, absl::string_view currency) const;
  // The longest top-level domain on offer that `domain_name` (A-labels) is directly under. TLD_NOT_OFFERED.
  absl::StatusOr<std::string> TldOf(absl::string_view domain_name) const;

 private:
  explicit Catalogue(Content content) : content_(std::move(content)) {}
  Content content_;
};

}  // namespace perennial::subscription::core
