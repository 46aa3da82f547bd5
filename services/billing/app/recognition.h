#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "services/billing/app/ports.h"

namespace perennial::billing {

// Turns the days of terms into income, once they are over where the term is.
class Recognition {
 public:
  // Told of each amount that became income, for metrics.
  using Observer = std::function<void(const Money&)>;

  Recognition(RecognitionStore& store, const Clock& clock, Observer observer)
      : store_(store), clock_(clock), observer_(std::move(observer)) {}

  // A batch of new lines, or one day of one time zone; the oldest that is due. Returns how many; 0: nothing
  // is due.
  absl::StatusOr<int> RunOnce();

 private:
  int Tell(const RecognitionStore::Booked& booked);

  RecognitionStore& store_;
  const Clock& clock_;
  const Observer observer_;
};

}  // namespace perennial::billing
