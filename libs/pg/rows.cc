#include "libs/pg/rows.h"

#include <libpq-fe.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
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

// The number that `digits` characters from `at` are, or -1.
int Number(absl::string_view text, size_t at, size_t digits) {
  int number = 0;
  for (size_t i = at; i < at + digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    number = number * 10 + (text[i] - '0');
  }
  return number;
}

// Sessions are in UTC, so a timestamptz reads "2026-11-23 10:00:00[.123456]+00". By hand, because absl's
// parser costs more than all else about a row; it has the rare forms (years of five digits).
template <>
std::optional<absl::Time> FromText(absl::string_view text) {
  if (text.size() < 22 || !absl::ConsumeSuffix(&text, "+00")) return std::nullopt;
  const int fields[] = {Number(text, 0, 4),  Number(text, 5, 2),  Number(text, 8, 2),
                        Number(text, 11, 2), Number(text, 14, 2), Number(text, 17, 2)};
  const bool common = text[4] == '-' && text[7] == '-' && text[10] == ' ' && text[13] == ':' &&
                      text[16] == ':' && (text.size() == 19 || text[19] == '.') &&
                      *std::min_element(std::begin(fields), std::end(fields)) >= 0;
  if (!common) {
    absl::Time time;
    const bool parsed = absl::ParseTime("%Y-%m-%d %H:%M:%E*S", text, absl::UTCTimeZone(), &time, nullptr);
    return parsed ? std::optional(time) : std::nullopt;
  }
  int micros = 0;
  for (size_t i = 20; i < 26; ++i) micros = micros * 10 + (i < text.size() ? text[i] - '0' : 0);
  const absl::CivilSecond second(fields[0], fields[1], fields[2], fields[3], fields[4], fields[5]);
  return absl::FromCivil(second, absl::UTCTimeZone()) + absl::Microseconds(micros);
}

template <>
std::optional<Bytes> FromText(absl::string_view text) {
  if (!absl::StartsWith(text, "\\x")) return std::nullopt;
  return Bytes{absl::HexStringToBytes(text.substr(2))};
}

}  // namespace

int Rows::size() const {
  return PQntuples(result_->rows.get());
}

int64_t Rows::affected() const {
  int64_t count = 0;
  const bool counted = absl::SimpleAtoi(PQcmdTuples(result_->rows.get()), &count);
  return counted ? count : 0;
}

// Columns are mostly read in the order of the statement, so the search goes on from the last one found.
std::optional<absl::string_view> Row::Text(absl::string_view column) const {
  const PGresult* result = rows_->result_->rows.get();
  const int columns = PQnfields(result);
  for (int tried = 0; tried < columns; ++tried) {
    const int at = next_column_;
    next_column_ = at + 1 < columns ? at + 1 : 0;
    if (column != PQfname(result, at)) continue;
    if (PQgetisnull(result, index_, at)) return std::nullopt;
    return absl::string_view(PQgetvalue(result, index_, at),
                             static_cast<size_t>(PQgetlength(result, index_, at)));
  }
  Misread(column, "is missing");
}

namespace {

template <typename T>
T Read(absl::string_view column, absl::string_view text) {
  std::optional<T> value = FromText<T>(text);
  if (!value) Misread(column, "cannot be read as asked");
  return *std::move(value);
}

}  // namespace

#define PERENNIAL_PG_COLUMN(T)                                                  \
  template <>                                                                   \
  std::optional<T> Row::Get<std::optional<T>>(absl::string_view column) const { \
    const auto text = Text(column);                                             \
    return text ? std::optional(Read<T>(column, *text)) : std::nullopt;         \
  }                                                                             \
  template <>                                                                   \
  T Row::Get<T>(absl::string_view column) const {                               \
    const auto text = Text(column);                                             \
    if (!text) Misread(column, "is NULL");                                      \
    return Read<T>(column, *text);                                              \
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
