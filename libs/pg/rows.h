#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/civil_date.h"
#include "libs/base/uuid.h"
#include "libs/pg/param.h"

namespace perennial::pg {

class Rows;

// One row. `Get<T>("column")` with T one of bool, int, int64_t, std::string, Uuid, absl::Time, CivilDate,
// Bytes, or std::optional of these for columns that may be NULL. A column that is missing, NULL or of another
// type is a bug in the statement beside it, and aborts.
class Row {
 public:
  template <typename T>
  T Get(absl::string_view column) const;

 private:
  friend class Rows;
  Row(const Rows* rows, int index) : rows_(rows), index_(index) {}
  std::optional<absl::string_view> Text(absl::string_view column) const;

  const Rows* rows_;
  int index_;
  mutable int next_column_ = 0;
};

// The result of a statement.
class Rows {
 public:
  struct Result;  // libpq's, hidden
  explicit Rows(std::shared_ptr<const Result> result) : result_(std::move(result)) {}

  int size() const;
  bool empty() const { return size() == 0; }
  // How many rows an INSERT, UPDATE or DELETE touched.
  int64_t affected() const;
  Row operator[](int index) const { return Row(this, index); }

  class Iterator {
   public:
    Iterator(const Rows* rows, int index) : rows_(rows), index_(index) {}
    Row operator*() const { return (*rows_)[index_]; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }

   private:
    const Rows* rows_;
    int index_;
  };
  Iterator begin() const { return Iterator(this, 0); }
  Iterator end() const { return Iterator(this, size()); }

 private:
  friend class Row;
  std::shared_ptr<const Result> result_;
};

}  // namespace perennial::pg
