#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace perennial::account::core {

// Attempts with a wrong password for one address, one after the other, and until when none is looked at.
struct SignInAttempts {
  int failures = 0;
  absl::Time paused_until = absl::InfinitePast();
};

// How many failures in a row cost nothing: from one place, and from all places together. The latter bounds
// who guesses from many places; until then their guesses shut out nobody else.
inline constexpr int kFreeFailures = 9;
inline constexpr int kFreeFailuresFromAnywhere = 89;
// For how many customers' passwords one place may guess wrong within a day (UTC), whoever they are of: who
// tries one well-known password on many customers. Many customers can share one place, so it is far more than
// one mistypes, and each day begins anew.
inline constexpr int kFreeFailuresFromOnePlace = 299;
// The same for sign-ups from one place with addresses that are taken.
inline constexpr int kFreeTakenAddresses = 29;

// The network that a client's IP address stands for: IPv4 the address itself, IPv6 its first 64 bits, for the
// rest is the client's own choice (RFC 4291, 2.5.1). `address` as text, e.g. "2001:db8::1".
std::string NetworkOf(absl::string_view address);

// How long nobody may try after so many failures in a row: nothing for the free ones, then a minute, doubling
// up to
// 15. That is fewer than 100 an hour (ASVS 4.0.3, 2.2.1).
absl::Duration PauseAfter(int failures, int free_failures);

// The state after one more attempt, which counts as failed until it is cleared: so attempts made at the same
// time cannot all slip through. Not to be called while paused.
SignInAttempts AfterFailure(const SignInAttempts& attempts, absl::Time now, int free_failures);

}  // namespace perennial::account::core
