#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/civil_date.h"
#include "libs/base/money.h"
#include "libs/base/uuid.h"
#include "services/billing/core/billing_profile.h"

namespace perennial::billing::core {

enum class Language { kEnglish, kFrench };
enum class TaxTreatment { kStandard, kReverseCharge, kOutOfScope };

// One thing to be paid for, net of tax, as subscription priced it. The term is half-open.
struct ChargeLine {
  std::string description;
  Uuid product_id;
  CivilDate term_start;
  CivilDate term_end;
  Money net;
};

// Which tax applies to a buyer on a day (R27).
struct TaxPosition {
  TaxTreatment treatment;
  std::string country_code;  // whose tax it is
  int32_t rate_ppm;          // millionths
};

struct InvoiceLine {
  std::string description;
  Uuid product_id;
  CivilDate term_start;
  CivilDate term_end;
  int64_t net_minor;
  int64_t tax_minor;  // its share of the tax of its rate
  int32_t rate_ppm;

  bool operator==(const InvoiceLine&) const = default;
};

struct TaxLine {
  std::string description;
  int32_t rate_ppm;
  std::string country_code;
  TaxTreatment treatment;
  int64_t net_minor;
  int64_t tax_minor;

  bool operator==(const TaxLine&) const = default;
};

// Lines and their sums, all of one currency.
struct Bill {
  std::string currency;
  std::vector<InvoiceLine> lines;
  std::vector<TaxLine> tax_lines;
  int64_t net_minor = 0;
  int64_t tax_minor = 0;
  int64_t total_minor = 0;

  bool operator==(const Bill&) const = default;
};

// Consumer in the EU: the rate of the consumer's country (Article 58 of Directive 2006/112/EC). Company with
// a tax id in another EU country than the seller: reverse charge (Articles 44, 196). Elsewhere: none. Without
// a country the buyer counts as a consumer in the seller's country. Refusals: BILLING_PROFILE_INCOMPLETE (a
// company's), COUNTRY_NOT_SERVED.
absl::StatusOr<TaxPosition> PlaceOfSupply(const BillingProfile& buyer, absl::string_view seller_country,
                                          absl::Time now);

// Adds the tax: rounded once for the rate, half away from zero, then allotted to the lines.
// Refusals: CURRENCY_MISMATCH, AMOUNT_INVALID (a negative line, or a total above kMaxMoneyMinor).
absl::StatusOr<Bill> MakeBill(const std::vector<ChargeLine>& lines, const TaxPosition& position,
                              Language language);

}  // namespace perennial::billing::core
