#pragma once

#include "absl/time/time.h"

namespace perennial::account::core {

// Attempts with a wrong password for one address, one after the other, and until when none is looked at.
struct SignInAttempts {
  int failures = 0;
  absl::Time paused_until = absl::InfinitePast();
};

// How long nobody may try after so many failures in a row: nothing for the first 9, then a minute, doubling
// up to
// 15. That is fewer than 100 an hour (ASVS 4.0.3, 2.2.1), and whoever is shut out by a stranger's guesses
// gets in within a quarter of an hour.
absl::Duration PauseAfter(int failures);

// The state after one more attempt, which counts as failed until it is cleared: so attempts made at the same
// time cannot all slip through. Not to be called while paused.
SignInAttempts AfterFailure(const SignInAttempts& attempts, absl::Time now);

}  // namespace perennial::account::core
