#include "libs/pg/rows.h"

#include <cstdio>
#include <cstdlib>
#include <pqxx/pqxx>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/pg/result.h"

namespace perennial::pg {
namespace {

[[noreturn]] void Misread(absl::string_view column, absl::string_view why) {
  std::fprintf(stderr, "column %s: %s\n", std::string(column).c_str(), std::string(why).c_str());
  std::abort();
}

template <typename T>
std::optional<T> FromText(absl::string_view text);

template <>
std::optional<std::string> FromText(absl::string_view text) {
  return std::string(text);
}

template <>
std::optional<bool> FromText(absl::string_view text) {
  return text == "t";
}

template <>
std::optional<int64_t> FromText(absl::string_view text) {
  int64_t value;
  return absl::SimpleAtoi(text, &value) ? std::optional(value) : std::nullopt;
}

template <>
std::optional<int> FromText(absl::string_view text) {
  int value;
  return absl::SimpleAtoi(text, &value) ? std::optional(value) : std::nullopt;
}

template <>
std::optional<Uuid> FromText(absl::string_view text) {
  const auto id = Uuid::Parse(text);
  return id.ok() ? std::optional(*id) : std::nullopt;
}

template <>
std::optional<CivilDate> FromText(absl::string_view text) {
  const auto date = ParseDate(text);
  return date.ok() ? std::optional(*date) : std::nullopt;
}

// Sessions are in UTC, so a timestamptz reads "2026-11-23 10:00:00[.123456]+00".
template <>
std::optional<absl::Time> FromText(absl::string_view text) {
  absl::Time time;
  if (text.size() < 22 || text.substr(text.size() - 3) != "+00") return std::nullopt;
  const bool parsed = absl::ParseTime("%Y-%m-%d %H:%M:%E*S", text.substr(0, text.size() - 3),
                                      absl::UTCTimeZone(), &time, nullptr);
  return parsed ? std::optional(time) : std::nullopt;
}

template <>
std::optional<Bytes> FromText(absl::string_view text) {
  if (!absl::StartsWith(text, "\\x")) return std::nullopt;
  return Bytes{absl::HexStringToBytes(text.substr(2))};
}

}  // namespace

int Rows::size() const {
  return static_cast<int>(result_->rows.size());
}

int64_t Rows::affected() const {
  return static_cast<int64_t>(result_->rows.affected_rows());
}

std::optional<absl::string_view> Row::Text(absl::string_view column) const {
  try {
    const auto field = rows_->result_->rows[index_][std::string(column)];
    if (field.is_null()) return std::nullopt;
    return absl::string_view(field.c_str(), field.size());
  } catch (const std::exception& error) {
    Misread(column, error.what());
  }
}

template <typename T>
T Row::Get(absl::string_view column) const {
  const auto text = Text(column);
  if (!text) Misread(column, "is NULL");
  std::optional<T> value = FromText<T>(*text);
  if (!value) Misread(column, absl::StrCat("cannot be read as asked"));
  return *std::move(value);
}

#define PERENNIAL_PG_COLUMN(T)                                                  \
  template T Row::Get<T>(absl::string_view) const;                              \
  template <>                                                                   \
  std::optional<T> Row::Get<std::optional<T>>(absl::string_view column) const { \
    if (!Text(column)) return std::nullopt;                                     \
    return Get<T>(column);                                                      \
  }
PERENNIAL_PG_COLUMN(bool)
PERENNIAL_PG_COLUMN(int)
PERENNIAL_PG_COLUMN(int64_t)
PERENNIAL_PG_COLUMN(std::string)
PERENNIAL_PG_COLUMN(Uuid)
PERENNIAL_PG_COLUMN(absl::Time)
PERENNIAL_PG_COLUMN(CivilDate)
PERENNIAL_PG_COLUMN(Bytes)
#undef PERENNIAL_PG_COLUMN

}  // namespace perennial::pg
