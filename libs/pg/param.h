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

// A statement's parameter in Postgres's text form, or NULL.
class Param {
 public:
  Param(std::nullopt_t) {}
  Param(std::string text) : text_(std::move(text)) {}
  Param(absl::string_view text) : text_(text) {}
  Param(const char* text) : text_(text) {}
  Param(int64_t value) : text_(std::to_string(value)) {}
  Param(int value) : text_(std::to_string(value)) {}
  Param(bool value) : text_(value ? "t" : "f") {}
  Param(const Uuid& id) : text_(id.ToString()) {}
  Param(absl::Time time);
  Param(CivilDate date) : text_(FormatDate(date)) {}
  Param(const Bytes& bytes);
  // Postgres arrays: for `= ANY($1)` and `unnest($1, $2)`, so that a batch is one round trip. Of anything
  // that is a parameter by itself; an std::nullopt in them is NULL.
  Param(const std::vector<Uuid>& ids);
  Param(const std::vector<int64_t>& values);
  template <typename T>
  Param(const std::vector<T>& values) : text_("{") {
    for (const T& value : values) Append(Param(value));
    text_->push_back('}');
  }
  template <typename T>
  Param(const std::optional<T>& value) : Param(value ? Param(*value) : Param(std::nullopt)) {}

  const std::optional<std::string>& text() const { return text_; }

 private:
  void Append(const Param& element);

  std::optional<std::string> text_;
};

// The rows of a batch as arrays, one for each column: for `FROM unnest($1::uuid[], $2::text[], …)`, so that
// all of them are one statement.
class Columns {
 public:
  template <typename... Args>
  void AddRow(const Args&... values) {
    columns_.resize(sizeof...(values));
    size_t n = 0;
    (columns_[n++].push_back(Param(values)), ...);
  }
  bool empty() const { return columns_.empty(); }
  std::vector<Param> params() const { return {columns_.begin(), columns_.end()}; }

 private:
  std::vector<std::vector<Param>> columns_;
};

}  // namespace perennial::pg
