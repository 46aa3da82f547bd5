#include "libs/base/civil_date.h"

#include <algorithm>

#include "absl/strings/ascii.h"
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
  // Absl would also take spaces, signs and single digits.
  bool digits = text.size() == 10 && text[4] == '-' && text[7] == '-';
  for (size_t i = 0; digits && i < text.size(); ++i)
    digits = i == 4 || i == 7 || (text[i] >= '0' && text[i] <= '9');
  if (!digits || !absl::ParseCivilTime(text, &date)) {
    return absl::InvalidArgumentError("not a date of the form YYYY-MM-DD");
  }
  return date;
}

namespace {

bool IsZoneCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '/' || c == '_' || c == '+' || c == '-';
}

// Lies beside the zones on disk, or is absl's own, but is no name of the database.
bool IsOnlyAFile(absl::string_view name) {
  return name == "localtime" || name == "posixrules" || name == "Factory" || name == "UTC0" ||
         absl::StartsWith(name, "posix/") || absl::StartsWith(name, "right/");
}

}  // namespace

absl::StatusOr<absl::TimeZone> LoadTimeZone(absl::string_view name) {
  absl::TimeZone zone;
  // Absl would also read any file by its path, and stop at a NUL byte.
  const bool plausible = !name.empty() && name.size() <= 64 && name[0] != '/' &&
                         !absl::StrContains(name, "//") &&
                         std::all_of(name.begin(), name.end(), IsZoneCharacter);
  if (!plausible || IsOnlyAFile(name) || !absl::LoadTimeZone(std::string(name), &zone)) {
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
