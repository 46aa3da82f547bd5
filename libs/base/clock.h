#pragma once

#include <atomic>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace perennial {

// Only libs/process constructs one that looks at the machine's clock; everything else is handed it.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;
};

// In microseconds, as Postgres keeps times: what is written reads back the same.
inline absl::Time MachineTime() {
  return absl::FromUnixMicros(absl::ToUnixMicros(absl::Now()));
}

// The test clock (R36): the machine's clock moved by an offset that all five services share.
class OffsetClock final : public Clock {
 public:
  absl::Time Now() const override { return MachineTime() + Offset(); }
  absl::Duration Offset() const { return absl::Milliseconds(offset_ms_.load()); }
  void SetOffset(absl::Duration offset) { offset_ms_.store(absl::ToInt64Milliseconds(offset)); }

 private:
  std::atomic<int64_t> offset_ms_{0};
};

}  // namespace perennial
