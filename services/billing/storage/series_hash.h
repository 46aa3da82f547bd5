#pragma once

#include <string>

#include "libs/pg/rows.h"

namespace perennial::billing {

// The SHA-256, 32 bytes, of the canonical form of a row of `invoice`: what invoice_canonical_form makes of it
// in the database, made again by other means. The row must have all of the columns that are hashed.
std::string SeriesHash(const pg::Row& row);

}  // namespace perennial::billing
