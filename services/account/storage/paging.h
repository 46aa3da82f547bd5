#pragma once

#include "libs/pg/rows.h"
#include "services/account/app/ports.h"

namespace perennial::account {

// Lists run from the newest down. The first page begins after a row newer than any.
inline Position StartOf(const PageRequest& page) {
  static const absl::Time end_of_time = absl::FromCivil(absl::CivilDay(9999, 1, 1), absl::UTCTimeZone());
  return page.after.value_or(Position{end_of_time, Uuid()});
}

// A page from rows that were selected with a limit of one more than `size`.
template <typename T, typename Read, typename PositionOf>
Page<T> PageOf(const pg::Rows& rows, int size, Read read, PositionOf position_of) {
  Page<T> page;
  for (int i = 0; i < rows.size() && i < size; ++i) page.items.push_back(read(rows[i]));
  if (rows.size() > size) page.next = position_of(page.items.back());
  return page;
}

}  // namespace perennial::account
