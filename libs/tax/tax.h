#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/money.h"

namespace perennial::tax {

enum class Language { kEnglish, kFrench };
enum class Treatment { kStandard, kReverseCharge, kOutOfScope };

// Which tax applies to a buyer (R27). billing says it.
struct Position {
  Treatment treatment = Treatment::kStandard;
  std::string country_code;  // whose tax it is
  int32_t rate_ppm = 0;      // millionths
  // The country's; kStandard's description names it.
  std::string country_name_en = {};
  std::string country_name_fr = {};

  bool operator==(const Position&) const = default;
};

struct Tax {
  int64_t net_minor = 0;
  int64_t tax_minor = 0;
  int64_t total_minor = 0;
  std::vector<int64_t> shares_minor;  // of each amount; they sum to tax_minor
  std::string description;
};

// The tax on net amounts: rounded once for all of them, half away from zero, then allotted to them.
// Refusals: CURRENCY_MISMATCH, AMOUNT_INVALID (none, a negative one, or a total above kMaxMoneyMinor).
absl::StatusOr<Tax> TaxOn(const std::vector<Money>& nets, const Position& position, Language language);

}  // namespace perennial::tax
