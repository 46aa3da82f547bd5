#pragma once

namespace perennial {

// While one lives, nobody moves the clock of this process; it ticks all the same. For a question to the
// outside of which has to be known how long ago it was asked: a test clock that let a day pass meanwhile
// would make a request that is on its way one that never arrived (R23, R36).
class SteadyTime {
 public:
  SteadyTime();
  ~SteadyTime();
  SteadyTime(const SteadyTime&) = delete;
  SteadyTime& operator=(const SteadyTime&) = delete;
};

// Held by who moves the clock: begins when no SteadyTime is left, and new ones wait for its end.
class MovingTime {
 public:
  MovingTime();
  ~MovingTime();
  MovingTime(const MovingTime&) = delete;
  MovingTime& operator=(const MovingTime&) = delete;
};

}  // namespace perennial
