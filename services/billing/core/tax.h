#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/civil_date.h"
#include "libs/base/event.h"
#include "libs/base/money.h"
#include "libs/base/uuid.h"
#include "libs/tax/tax.h"
#include "services/billing/core/billing_profile.h"
#include "services/billing/core/tax_rates.h"

namespace perennial::billing::core {

using Language = tax::Language;
using TaxTreatment = tax::Treatment;
using TaxPosition = tax::Position;

// One thing to be paid for, net of tax, as subscription priced it. The term is half-open.
struct ChargeLine {
  std::string description;
  Uuid product_id;
  CivilDate term_start;
  CivilDate term_end;
  Money net;
};

// Where the seller takes a country's tax outside of the EU, and under which tax id.
struct TaxRegistration {
  std::string country_code;
  std::string tax_id;
};

// The seller, as invoices show it, and the taxes that it takes.
struct Seller {
  Party party;
  std::vector<TaxRegistration> registrations = {};
  TaxTable taxes;
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
// a tax id in another EU country than the seller: reverse charge (Articles 44, 196). Elsewhere the tax of the
// country if the seller is registered there, or reverse charge if that country's law has it; else none.
// Without a country the buyer counts as a consumer in the seller's country. Refusals:
// BILLING_PROFILE_INCOMPLETE (a company's), COUNTRY_NOT_SERVED.
absl::StatusOr<TaxPosition> PlaceOfSupply(const BillingProfile& buyer, const Seller& seller, absl::Time now);

// Until when that holds of a buyer who stays as they are: until the country's next rate begins.
absl::Time HoldsUntil(const TaxPosition& position, const Seller& seller, absl::Time now);

// Whether the tax of two profiles is the same, whoever the seller and whatever the day.
bool AreTaxedAlike(const BillingProfile& a, const BillingProfile& b);

// tax_position.changed: to this profile's.
Event TaxChangedEvent(const Uuid& account_id, const BillingProfile& profile, absl::Time now);

// The seller as a document of this bill shows it: under the tax id of the country whose tax it takes.
Party SellerOf(const Bill& bill, const Seller& seller);

// Adds the tax. Refusals: tax::TaxOn's.
absl::StatusOr<Bill> MakeBill(const std::vector<ChargeLine>& lines, const TaxPosition& position,
                              Language language);

}  // namespace perennial::billing::core
