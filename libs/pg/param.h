#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/civil_date.h"
#include "libs/base/uuid.h"

namespace perennial::pg {

// Raw bytes (bytea), as opposed to text.
struct Bytes {
  std::string value;
};

// The text form of what has no type of ours, as jsonb and numeric; an array has to be told.
struct Literal {
  std::string value;
};

class Array;

// A statement's parameter, or NULL. Arrays are for `= ANY($1)` and `unnest($1, $2)`, so that a batch is one
// round trip.
class Param {
 public:
  Param(std::nullopt_t) {}
  Param(std::string text) : data_(std::move(text)) {}
  Param(absl::string_view text) : data_(text) {}
  Param(const char* text) : data_(text) {}
  Param(int64_t value) : data_(std::to_string(value)) {}
  Param(int value) : data_(std::to_string(value)) {}
  Param(bool value) : data_(value ? "t" : "f") {}
  Param(const Uuid& id) : data_(id.ToString()) {}
  Param(absl::Time time);
  Param(CivilDate date) : data_(FormatDate(date)) {}
  Param(const Bytes& bytes);
  Param(const Array& array);
  template <typename T>
  Param(const std::vector<T>& values);
  template <typename T>
  Param(const std::optional<T>& value) : Param(value ? Param(*value) : Param(std::nullopt)) {}

  const std::optional<std::string>& data() const { return data_; }
  bool is_binary() const { return is_binary_; }
  // Text that libpq or Postgres would not take.
  bool HasNul() const;

 private:
  std::optional<std::string> data_;
  bool is_binary_ = false;
  bool has_nul_ = false;  // if binary: in a text of it
};

// Values of one type, and NULLs, as an array of one dimension. It goes over in Postgres's binary form, which
// costs it a fraction of reading text, and holds exactly this type: int is integer, int64_t is bigint, and
// nothing else.
class Array {
 public:
  void Add(bool value);
  void Add(int value);
  void Add(int64_t value);
  void Add(const char* text) { Add(absl::string_view(text)); }
  void Add(const std::string& text) { Add(absl::string_view(text)); }
  void Add(absl::string_view text);
  void Add(const Bytes& bytes);
  void Add(const Uuid& id);
  void Add(absl::Time time);
  void Add(CivilDate date);
  void Add(const Literal& literal);
  void Add(std::nullopt_t);
  template <typename T>
  void Add(const std::optional<T>& value) {
    if (value)
      Add(*value);
    else
      Add(std::nullopt);
  }

 private:
  friend class Param;

  // Postgres's own ids (pg_type.dat); none for literals, and of an array with no value in it.
  enum class Type {
    kNone = 0,
    kBool = 16,
    kBytea = 17,
    kInt8 = 20,
    kInt4 = 23,
    kText = 25,
    kDate = 1082,
    kTimestamptz = 1184,
    kUuid = 2950
  };
  void AddElement(Type type, absl::string_view bytes);
  std::string ToBinary() const;
  std::string ToText() const;

  Type type_ = Type::kNone;
  int count_ = 0;
  bool has_null_ = false;
  bool has_nul_ = false;
  std::string elements_;  // of each: its length in four bytes, -1 for NULL, and its bytes
};

template <typename T>
Param::Param(const std::vector<T>& values) {
  Array array;
  for (const T& value : values) array.Add(value);
  *this = Param(array);
}

// The rows of a batch as arrays, one for each column: for `FROM unnest($1::uuid[], $2::text[], …)`, so that
// all of them are one statement.
class Columns {
 public:
  template <typename... Args>
  void AddRow(const Args&... values) {
    columns_.resize(sizeof...(values));
    size_t n = 0;
    (columns_[n++].Add(values), ...);
  }
  bool empty() const { return columns_.empty(); }
  std::vector<Param> params() const { return {columns_.begin(), columns_.end()}; }

 private:
  std::vector<Array> columns_;
};

// A constant with parameters $1, $2, …
struct Statement {
  absl::string_view sql;
  std::vector<Param> params;
};

}  // namespace perennial::pg
