#pragma once

#include <string>

#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/uuid.h"

namespace perennial::testing {

// A clock that stands still until it is moved.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(absl::Time start = absl::FromCivil(absl::CivilSecond(2027, 1, 15, 10, 0, 0),
                                                        absl::UTCTimeZone()))
      : now_(start) {}
  absl::Time Now() const override { return now_; }
  void Set(absl::Time now) { now_ = now; }
  void Advance(absl::Duration by) { now_ += by; }

 private:
  absl::Time now_;
};

// 00000000-0000-4000-8000-000000000001 and so on.
class CountingIds final : public IdSource {
 public:
  Uuid Next() override {
    std::array<uint8_t, 16> bytes{};
    bytes[6] = 0x40;
    bytes[8] = 0x80;
    ++last_;
    for (int i = 0; i < 4; ++i) bytes[15 - i] = static_cast<uint8_t>(last_ >> (8 * i));
    return Uuid(bytes);
  }

 private:
  uint32_t last_ = 0;
};

}  // namespace perennial::testing
