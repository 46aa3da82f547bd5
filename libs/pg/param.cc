#include "libs/pg/param.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace perennial::pg {
namespace {

void AppendQuoted(std::string* out, absl::string_view text) {
  out->push_back('"');
  for (char c : text) {
    if (c == '"' || c == '\\') out->push_back('\\');
    out->push_back(c);
  }
  out->push_back('"');
}

void PutDigits(char* at, int digits, int64_t number) {
  for (int i = digits - 1; i >= 0; --i, number /= 10) at[i] = static_cast<char>('0' + number % 10);
}

// By hand, as it is read (rows.cc): absl's formatter costs more than all else about a parameter.
std::string FormatTimestamp(absl::Time time) {
  const absl::TimeZone::CivilInfo civil = absl::UTCTimeZone().At(time);
  if (civil.cs.year() < 1 || civil.cs.year() > 9999)
    return absl::FormatTime("%Y-%m-%d %H:%M:%E6S+00", time, absl::UTCTimeZone());
  std::string text = "0000-00-00 00:00:00.000000+00";
  PutDigits(&text[0], 4, civil.cs.year());
  PutDigits(&text[5], 2, civil.cs.month());
  PutDigits(&text[8], 2, civil.cs.day());
  PutDigits(&text[11], 2, civil.cs.hour());
  PutDigits(&text[14], 2, civil.cs.minute());
  PutDigits(&text[17], 2, civil.cs.second());
  PutDigits(&text[20], 6, absl::ToInt64Microseconds(civil.subsecond));
  return text;
}

}  // namespace

Param::Param(absl::Time time) : text_(FormatTimestamp(time)) {}

Param::Param(const Bytes& bytes) : text_(absl::StrCat("\\x", absl::BytesToHexString(bytes.value))) {}

Param::Param(const std::vector<Uuid>& ids)
    : text_(absl::StrCat(
          "{", absl::StrJoin(ids, ",", [](std::string* out, const Uuid& id) { out->append(id.ToString()); }),
          "}")) {}

Param::Param(const std::vector<int64_t>& values)
    : text_(absl::StrCat("{", absl::StrJoin(values, ","), "}")) {}

void Param::Append(const Param& element) {
  if (text_->size() > 1) text_->push_back(',');
  if (element.text_) {
    AppendQuoted(&*text_, *element.text_);
  } else {
    text_->append("NULL");
  }
}

}  // namespace perennial::pg
