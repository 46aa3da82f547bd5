#include "services/billing/app/series_audit.h"

#include <algorithm>

#include "libs/base/status_macros.h"

namespace perennial::billing {
namespace {

constexpr int kBatch = 500;

}  // namespace

absl::StatusOr<SeriesVerification> SeriesAudit::Verify(const std::string& name, core::SeriesPlace place,
                                                       int limit) {
  ASSIGN_OR_RETURN(const NumberSeries before, store_.Get(name));
  SeriesVerification result{std::move(place), std::nullopt, false};
  for (int left = limit; left > 0;) {
    const int batch = std::min(left, kBatch);
    ASSIGN_OR_RETURN(const std::vector<core::ChainLink> links,
                     store_.ReadChain(name, result.place.sequence_number, batch));
    result.fault = core::FollowChain(links, result.place);
    const bool is_end = static_cast<int>(links.size()) < batch;
    if (is_end && !result.fault) {
      // The series may have grown meanwhile.
      ASSIGN_OR_RETURN(const NumberSeries after, store_.Get(name));
      result.fault = core::FaultOfEnd(result.place.sequence_number, before.last_number, after.last_number);
    }
    result.is_complete = is_end || result.fault.has_value();
    if (result.is_complete) return result;
    left -= batch;
  }
  return result;
}

}  // namespace perennial::billing
