#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace perennial {

// A calendar day without a time zone. Terms are half-open intervals of these.
using CivilDate = absl::CivilDay;

// The anchor plus n months, clamped to the month's end (R15): 31 January + 1 is 28 or 29 February, + 2 is 31
// March. Always count from the anchor, never from the last result, or month ends drift.
CivilDate AddMonths(CivilDate anchor, int months);

// Days from `from` to `to`; negative if `to` is earlier.
int64_t DaysBetween(CivilDate from, CivilDate to);

// ISO 8601 YYYY-MM-DD.
std::string FormatDate(CivilDate date);
absl::StatusOr<CivilDate> ParseDate(absl::string_view text);

// IANA name, as in "Europe/Paris". INVALID_ARGUMENT for a name this machine's tz database does not know.
absl::StatusOr<absl::TimeZone> LoadTimeZone(absl::string_view name);

// The day that `time` falls on in `zone`, and the moment at which a day begins there.
CivilDate DateAt(absl::Time time, absl::TimeZone zone);
absl::Time StartOfDay(CivilDate date, absl::TimeZone zone);

}  // namespace perennial
