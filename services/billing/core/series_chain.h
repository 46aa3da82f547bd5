#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace perennial::billing::core {

// How far a series is known to be right: its last good document, or nothing (number 0, no hash).
struct SeriesPlace {
  int64_t sequence_number = 0;
  std::string hash;

  bool operator==(const SeriesPlace&) const = default;
};

// What a document's row says of its place in the chain, and the hash that its contents have. Hashes are
// SHA-256, 32 bytes.
struct ChainLink {
  int64_t sequence_number;
  std::string previous_hash;  // empty: none
  std::string hash;
  std::string computed_hash;
};

enum class SeriesFaultKind {
  kNumberMissing,         // there is no document of this number
  kPredecessorDiffers,    // it was issued after another predecessor than the one that is there
  kContentChanged,        // what it says is not what was issued
  kBeyondNumbersGivenOut  // nobody was given this number
};

// The first document that does not fit, and why.
struct SeriesFault {
  int64_t sequence_number;
  SeriesFaultKind kind;

  bool operator==(const SeriesFault&) const = default;
};

// Goes on from `place` over `links`, which are the documents after it in order, up to the first that does not
// fit.
std::optional<SeriesFault> FollowChain(const std::vector<ChainLink>& links, SeriesPlace& place);

// What is wrong with a series that ends at `last_number`: `given_out_before` and `given_out_after` are the
// highest numbers that were given out before and after its end was looked for.
std::optional<SeriesFault> FaultOfEnd(int64_t last_number, int64_t given_out_before, int64_t given_out_after);

}  // namespace perennial::billing::core
