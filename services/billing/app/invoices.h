#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/caller.h"
#include "libs/base/uuid.h"
#include "services/billing/app/ports.h"

namespace perennial::billing {

// A document to be kept or sent on.
struct InvoiceFile {
  std::string name;  // "INV-FR-2027-000042.pdf"
  std::string content_type;
  std::string content;
};

enum class InvoiceFormat { kPdf, kUbl };

// "My invoices" (R25).
class Invoices {
 public:
  Invoices(InvoiceStore& store, const InvoiceWriter& pdf, const InvoiceWriter& ubl)
      : store_(store), pdf_(pdf), ubl_(ubl) {}

  // Refusals: INVOICE_NOT_FOUND.
  absl::StatusOr<core::Document> Get(const Caller& caller, const Uuid& account_id, const Uuid& id);

  // At most 3 MiB. Refusals: INVOICE_NOT_FOUND.
  absl::StatusOr<InvoiceFile> Download(const Caller& caller, const Uuid& account_id, const Uuid& id,
                                       InvoiceFormat format);

  // At most `limit`, newest first. Refusals: ACCOUNT_NOT_FOUND.
  absl::StatusOr<std::vector<core::Document>> List(const Caller& caller, const Uuid& account_id,
                                                   std::optional<core::DocumentKind> kind,
                                                   std::optional<PagePosition> after, int limit);

 private:
  InvoiceStore& store_;
  const InvoiceWriter& pdf_;
  const InvoiceWriter& ubl_;
};

}  // namespace perennial::billing
