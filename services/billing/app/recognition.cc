#include "services/billing/app/recognition.h"

#include "libs/base/status_macros.h"
#include "services/billing/core/recognition.h"

namespace perennial::billing {
namespace {

constexpr int kBatch = 1000;

}  // namespace

absl::StatusOr<int> Recognition::RunOnce() {
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(const auto with_new, store_.ZoneWithNewLines());
  if (with_new) {
    ASSIGN_OR_RETURN(const auto taken_in, store_.TakeIn(*with_new, now, kBatch));
    if (taken_in.count > 0) return Tell(taken_in);
  }
  ASSIGN_OR_RETURN(const auto due, store_.ZoneDue(now));
  if (!due) return 0;
  ASSIGN_OR_RETURN(const auto booked, store_.BookNextDay(*due, now));
  // Somebody else booked it meanwhile: there may be more.
  Tell(booked);
  return 1;
}

int Recognition::Tell(const RecognitionStore::Booked& booked) {
  for (const Money& amount : booked.amounts) observer_(amount);
  return booked.count;
}

}  // namespace perennial::billing
