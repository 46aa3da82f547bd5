#pragma once

#include <pqxx/result>

#include "libs/pg/rows.h"

// Inside libs/pg only: what Rows hides.
namespace perennial::pg {

struct Rows::Result {
  pqxx::result rows;
};

}  // namespace perennial::pg
