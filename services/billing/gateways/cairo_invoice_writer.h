#pragma once

#include "services/billing/app/ports.h"

namespace perennial::billing {

// Documents as pages for people: PDF, by cairo and pango. Thread-safe.
class CairoInvoiceWriter final : public InvoiceWriter {
 public:
  absl::StatusOr<std::string> Write(const core::Document& document,
                                    const core::Document* credited) const override;
};

}  // namespace perennial::billing
