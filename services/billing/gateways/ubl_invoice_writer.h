#pragma once

#include "services/billing/app/ports.h"

namespace perennial::billing {

// Documents for machines: EN 16931-1 in the syntax of UBL 2.1 (CEN/TS 16931-3-2). The comments name its
// business terms (BT) and rules (BR).
class UblInvoiceWriter final : public InvoiceWriter {
 public:
  absl::StatusOr<std::string> Write(const core::Document& document,
                                    const core::Document* credited) const override;
};

}  // namespace perennial::billing
