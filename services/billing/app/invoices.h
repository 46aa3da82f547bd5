#pragma once

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/caller.h"
#include "libs/base/uuid.h"
#include "services/billing/app/ports.h"

namespace perennial::billing {

// "My invoices" (R25).
class Invoices {
 public:
  explicit Invoices(InvoiceStore& store) : store_(store) {}

  // Refusals: INVOICE_NOT_FOUND.
  absl::StatusOr<core::Document> Get(const Caller& caller, const Uuid& account_id, const Uuid& id);

  // At most `limit`, newest first. Refusals: ACCOUNT_NOT_FOUND.
  absl::StatusOr<std::vector<core::Document>> List(const Caller& caller, const Uuid& account_id,
                                                   std::optional<core::DocumentKind> kind,
                                                   std::optional<PagePosition> after, int limit);

  // All of them, for the customer's export (R7). Refusals: ACCOUNT_NOT_FOUND.
  absl::StatusOr<std::vector<core::Document>> All(const Caller& caller, const Uuid& account_id);

 private:
  InvoiceStore& store_;
};

}  // namespace perennial::billing
