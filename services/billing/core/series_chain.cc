#include "services/billing/core/series_chain.h"

namespace perennial::billing::core {

std::optional<SeriesFault> FollowChain(const std::vector<ChainLink>& links, SeriesPlace& place) {
  for (const ChainLink& link : links) {
    const int64_t expected = place.sequence_number + 1;
    if (link.sequence_number != expected) return SeriesFault{expected, SeriesFaultKind::kNumberMissing};
    // Contents first: a changed document is at fault itself, though its successors still name what it was.
    if (link.hash != link.computed_hash) return SeriesFault{expected, SeriesFaultKind::kContentChanged};
    if (link.previous_hash != place.hash) return SeriesFault{expected, SeriesFaultKind::kPredecessorDiffers};
    place = {expected, link.hash};
  }
  return std::nullopt;
}

std::optional<SeriesFault> FaultOfEnd(int64_t last_number, int64_t given_out_before,
                                      int64_t given_out_after) {
  if (last_number < given_out_before) return SeriesFault{last_number + 1, SeriesFaultKind::kNumberMissing};
  if (last_number > given_out_after) {
    return SeriesFault{given_out_after + 1, SeriesFaultKind::kBeyondNumbersGivenOut};
  }
  return std::nullopt;
}

}  // namespace perennial::billing::core
