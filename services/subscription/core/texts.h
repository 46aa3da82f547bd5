#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "services/subscription/core/product.h"

// What a customer reads on quotes and invoices, in the account's language (R6): English, and French.
namespace perennial::subscription::core {

// "12 months", "1 an".
std::string CycleText(int cycle_months, absl::string_view language);

// "Gold, 12 months", "Domain example.com, 1 year", "Mailbox info@example.com, 3 months".
std::string TermText(ProductKind kind, absl::string_view display_name, int cycle_months,
                     absl::string_view language);

// "Upgrade from Gold to Platinum".
std::string UpgradeText(absl::string_view from, absl::string_view to, absl::string_view language);

// Added to a renewal out of redemption (R20).
// Added to a line that costs nothing because it is below what can be charged.
std::string WaivedText(absl::string_view language);
std::string RestoreText(absl::string_view domain, absl::string_view language);

}  // namespace perennial::subscription::core
