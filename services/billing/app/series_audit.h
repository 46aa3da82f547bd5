#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/billing/app/ports.h"

namespace perennial::billing {

// What came of verifying a part of a series.
struct SeriesVerification {
  core::SeriesPlace place;                 // up to here all is right
  std::optional<core::SeriesFault> fault;  // what comes next is not
  bool is_complete = false;                // the end was reached, or a fault
};

// Whether issued documents are still what was issued (R26), for operators.
class SeriesAudit {
 public:
  explicit SeriesAudit(SeriesStore& store) : store_(store) {}

  // At most `limit`, by name, after this one.
  absl::StatusOr<std::vector<NumberSeries>> List(const std::string& after_name, int limit) {
    return store_.List(after_name, limit);
  }

  // Goes over at most `limit` documents after `place`, in batches: memory does not grow with the series.
  // Refusals: INVOICE_SERIES_NOT_FOUND.
  absl::StatusOr<SeriesVerification> Verify(const std::string& name, core::SeriesPlace place, int limit);

 private:
  SeriesStore& store_;
};

}  // namespace perennial::billing
