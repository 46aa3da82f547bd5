#include "services/billing/core/series_chain.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

namespace perennial::billing::core {
namespace {

// A right chain of `size` documents; a hash is its number here.
std::vector<ChainLink> Chain(int64_t size) {
  std::vector<ChainLink> links;
  for (int64_t number = 1; number <= size; ++number) {
    const std::string previous = number == 1 ? "" : "h" + std::to_string(number - 1);
    links.push_back({number, previous, "h" + std::to_string(number), "h" + std::to_string(number)});
  }
  return links;
}

}  // namespace

TEST_CASE("A right chain is followed to its end, in whatever parts") {
  CHECK(rc::check("any parts", [] {
    const auto links = Chain(*rc::gen::inRange<int64_t>(0, 30));
    SeriesPlace place;
    while (place.sequence_number < static_cast<int64_t>(links.size())) {
      const auto begin = links.begin() + place.sequence_number;
      const auto part =
          std::vector<ChainLink>(begin, begin + *rc::gen::inRange<int64_t>(1, links.end() - begin + 1));
      RC_ASSERT(!FollowChain(part, place));
    }
    RC_ASSERT(place.hash == (links.empty() ? "" : links.back().hash));
  }));
}

TEST_CASE("The first document that does not fit is named, with the reason") {
  CHECK(rc::check("one fault anywhere", [] {
    auto links = Chain(*rc::gen::inRange<int64_t>(1, 30));
    const auto at = *rc::gen::inRange<size_t>(0, links.size());
    const auto number = static_cast<int64_t>(at) + 1;
    const auto kind = *rc::gen::element(SeriesFaultKind::kNumberMissing, SeriesFaultKind::kPredecessorDiffers,
                                        SeriesFaultKind::kContentChanged);
    const bool is_last = at + 1 == links.size();
    if (kind == SeriesFaultKind::kNumberMissing) links.erase(links.begin() + static_cast<int64_t>(at));
    if (kind == SeriesFaultKind::kPredecessorDiffers) links[at].previous_hash = "other";
    if (kind == SeriesFaultKind::kContentChanged) links[at].computed_hash = "other";
    SeriesPlace place;
    const auto fault = FollowChain(links, place);
    RC_ASSERT(place.sequence_number == number - 1);
    if (kind == SeriesFaultKind::kNumberMissing && is_last) {
      RC_ASSERT(!fault);  // only the numbers given out tell
      RC_ASSERT(FaultOfEnd(place.sequence_number, number, number) == (SeriesFault{number, kind}));
    } else {
      RC_ASSERT(fault == (SeriesFault{number, kind}));
    }
  }));
}

TEST_CASE("A series may grow while its end is looked for, but not beyond the numbers given out") {
  CHECK(FaultOfEnd(5, 5, 5) == std::nullopt);
  CHECK(FaultOfEnd(6, 5, 7) == std::nullopt);
  CHECK(FaultOfEnd(4, 5, 5) == (SeriesFault{5, SeriesFaultKind::kNumberMissing}));
  CHECK(FaultOfEnd(8, 5, 7) == (SeriesFault{8, SeriesFaultKind::kBeyondNumbersGivenOut}));
}

}  // namespace perennial::billing::core
