#pragma once

#include <cstdint>

#include "absl/time/time.h"
#include "libs/base/civil_date.h"

// A term is paid in advance, and is income day by day as it is delivered. What of an invoice line is income
// is never added up: it is a function of the line and the day, so it cannot drift, and sums to the line.
namespace perennial::billing::core {

// An invoice line as recognition sees it. The term is half-open, of days of the term's own time zone.
struct EarningLine {
  int64_t net_minor = 0;
  int64_t credited_minor = 0;  // by credit notes so far; never above net_minor
  CivilDate term_start;
  CivilDate term_end;  // after term_start

  int64_t LeftMinor() const { return net_minor - credited_minor; }
};

// Income of the line once the day `through` is over: what is left of it × days delivered / days of the term,
// rounded once, half away from zero. The storage's SQL function recognised_minor is the same.
int64_t RecognisedMinor(const EarningLine& line, CivilDate through);

// Where the net of a credit comes from.
struct Reversal {
  int64_t deferred_minor = 0;    // of days to come
  int64_t recognised_minor = 0;  // of days that were income already

  Reversal& operator+=(const Reversal& other);
};

// Credits `credit_minor` (0 to what is left) of a line whose days through `through` are booked as income: the
// line is then as if it had cost so much less from its first day on. So what stays deferred is never
// negative, and a whole credit leaves neither income nor deferral, on whatever day it comes.
Reversal ReverseOf(const EarningLine& line, int64_t credit_minor, CivilDate through);

// The last day that is over in the zone.
CivilDate LastDayOver(absl::TimeZone zone, absl::Time now);
// When the day after `through` is over.
absl::Time NextDueAt(absl::TimeZone zone, CivilDate through);

}  // namespace perennial::billing::core
