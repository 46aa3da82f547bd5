#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace perennial::billing::core {

enum class CustomerType { kUnspecified, kConsumer, kCompany };

// Seller or buyer, as a document shows them.
struct Party {
  std::string name;
  std::string company;
  std::vector<std::string> address_lines;
  std::string postal_code;
  std::string city;
  std::string region;
  std::string country_code;
  std::string tax_id;

  bool operator==(const Party&) const = default;
};

// Whom future invoices are made out to (R26).
struct BillingProfile {
  CustomerType customer_type = CustomerType::kUnspecified;
  Party party;
  std::string email;
  // 0: never set. Each change counts one up; it is the etag.
  int64_t version = 0;
  std::optional<absl::Time> updated_at;
};

// True if `text` has at most `max_characters` characters and no control characters.
bool IsPlainText(absl::string_view text, int max_characters);

// REQUEST_INVALID with all faults, COUNTRY_NOT_SERVED, TAX_ID_INVALID, or OK. A consumer may leave out what
// they like: a purchase is never held up for an address. A company must be complete from the start, because
// its invoices must name it (Article 226 of Directive 2006/112/EC), and so its renewals cannot fail later.
absl::Status Check(const BillingProfile& profile);

// What a full invoice needs and the profile lacks, by field name.
std::vector<std::string> MissingFields(const BillingProfile& profile);

}  // namespace perennial::billing::core
