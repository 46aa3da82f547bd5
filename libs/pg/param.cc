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

}  // namespace

Param::Param(absl::Time time)
    : text_(absl::FormatTime("%Y-%m-%d %H:%M:%E6S+00", time, absl::UTCTimeZone())) {}

Param::Param(const Bytes& bytes) : text_(absl::StrCat("\\x", absl::BytesToHexString(bytes.value))) {}

Param::Param(const std::vector<Uuid>& ids)
    : text_(absl::StrCat(
          "{", absl::StrJoin(ids, ",", [](std::string* out, const Uuid& id) { out->append(id.ToString()); }),
          "}")) {}

Param::Param(const std::vector<int64_t>& values)
    : text_(absl::StrCat("{", absl::StrJoin(values, ","), "}")) {}

Param::Param(const std::vector<std::string>& texts)
    : text_(absl::StrCat(
          "{",
          absl::StrJoin(texts, ",", [](std::string* out, const std::string& t) { AppendQuoted(out, t); }),
          "}")) {}

}  // namespace perennial::pg
