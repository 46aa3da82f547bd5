#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace perennial::billing::core {

enum class CustomerType { kUnspecified, kConsumer, kCompany };

// What is known of a tax id beyond its form and check digits.
enum class TaxIdState {
  kNone,           // there is none
  kFormChecked,    // no register that we could ask knows ids of this country
  kUnverified,     // VIES has not answered yet: it is taken, and asked about again
  kVerified,       // VIES knows it
  kNotRegistered,  // VIES does not: it counts as none
};

struct TaxIdCheck {
  TaxIdState state = TaxIdState::kNone;
  std::optional<absl::Time> time = {};  // of VIES's last answer
  std::string consultation = {};        // VIES's number of the request: the proof that it was asked

  bool operator==(const TaxIdCheck&) const = default;
};

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
  TaxIdCheck tax_id_check = {};  // a buyer's, at the time

  bool operator==(const Party&) const = default;
};

// Whom future invoices are made out to (R26).
struct BillingProfile {
  CustomerType customer_type = CustomerType::kUnspecified;
  Party party;
  std::string email;
  // 0: never set. Each change counts one up; it is the etag.
  int64_t version = 0;
  // Each change that changes the tax counts one up, a register's answer as well.
  int64_t tax_revision = 0;
  std::optional<absl::Time> updated_at;
  std::optional<absl::Time> tax_id_next_check;  // when VIES is to be asked (again)
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
