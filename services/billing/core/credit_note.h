#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "services/billing/core/tax.h"

namespace perennial::billing::core {

// What a credit note over `amount_minor` (tax included; nothing: all that is left) says, given the invoice
// and its credit notes so far. Lines and tax lines stand in the invoice's order, amounts not negative, some
// may be 0.
//
// Tax is rounded on the running total: after each credit note, the tax credited is the invoice's tax times
// the share credited so far, rounded once. So the credit notes of a wholly credited invoice sum to it
// exactly, for each line and each rate, in whatever steps. Refusals: AMOUNT_INVALID (not more than 0),
// CREDIT_EXCEEDS_INVOICE.
absl::StatusOr<Bill> CreditOf(const Bill& invoice, const std::vector<Bill>& credited,
                              std::optional<int64_t> amount_minor);

}  // namespace perennial::billing::core
