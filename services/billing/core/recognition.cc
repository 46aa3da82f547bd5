#include "services/billing/core/recognition.h"

#include <algorithm>

#include "libs/base/money.h"

namespace perennial::billing::core {

int64_t RecognisedMinor(const EarningLine& line, CivilDate through) {
  const int64_t days = DaysBetween(line.term_start, line.term_end);
  const int64_t delivered = std::clamp<int64_t>(DaysBetween(line.term_start, through + 1), 0, days);
  return Rational(Int128{line.LeftMinor()} * delivered, days).Round();
}

Reversal& Reversal::operator+=(const Reversal& other) {
  deferred_minor += other.deferred_minor;
  recognised_minor += other.recognised_minor;
  return *this;
}

Reversal ReverseOf(const EarningLine& line, int64_t credit_minor, CivilDate through) {
  EarningLine after = line;
  after.credited_minor += credit_minor;
  const int64_t recognised_minor = RecognisedMinor(line, through) - RecognisedMinor(after, through);
  return {credit_minor - recognised_minor, recognised_minor};
}

CivilDate LastDayOver(absl::TimeZone zone, absl::Time now) {
  return DateAt(now, zone) - 1;
}

absl::Time NextDueAt(absl::TimeZone zone, CivilDate through) {
  return StartOfDay(through + 2, zone);
}

}  // namespace perennial::billing::core
