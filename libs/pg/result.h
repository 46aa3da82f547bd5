#pragma once

#include <memory>

#include "libs/pg/rows.h"

struct pg_result;  // libpq's

// Inside libs/pg only: what Rows hides.
namespace perennial::pg {

// The payload of an ALREADY_EXISTS status that names the violated constraint.
inline constexpr char kConstraintKey[] = "perennial/constraint";

struct Rows::Result {
  struct Clearer {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clearer> rows;
};

}  // namespace perennial::pg
