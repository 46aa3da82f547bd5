#include "libs/base/civil_date.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace perennial {

CivilDate AddMonths(CivilDate anchor, int months) {
  const absl::CivilMonth month = absl::CivilMonth(anchor) + months;
  const CivilDate last_of_month = CivilDate(month + 1) - 1;
  return CivilDate(month.year(), month.month(), std::min(anchor.day(), last_of_month.day()));
}

int64_t DaysBetween(CivilDate from, CivilDate to) {
  return to - from;
}

std::string FormatDate(CivilDate date) {
  return absl::FormatCivilTime(date);
}

absl::StatusOr<CivilDate> ParseDate(absl::string_view text) {
  CivilDate date;
  if (text.size() != 10 || !absl::ParseCivilTime(text, &date)) {
    return absl::InvalidArgumentError("not a date of the form YYYY-MM-DD");
  }
  return date;
}

absl::StatusOr<absl::TimeZone> LoadTimeZone(absl::string_view name) {
  absl::TimeZone zone;
  // Absl would read a path or its own "localtime"; only names of the tz database are meant here.
  const bool plausible = !name.empty() && name.size() <= 64 && name[0] != '/' &&
                         !absl::StrContains(name, "..") && name != "localtime" &&
                         !absl::StartsWith(name, "file:");
  if (!plausible || !absl::LoadTimeZone(std::string(name), &zone)) {
    return absl::InvalidArgumentError("not a time zone of the IANA database");
  }
  return zone;
}

CivilDate DateAt(absl::Time time, absl::TimeZone zone) {
  return absl::ToCivilDay(time, zone);
}

absl::Time StartOfDay(CivilDate date, absl::TimeZone zone) {
  return absl::FromCivil(date, zone);
}

}  // namespace perennial
