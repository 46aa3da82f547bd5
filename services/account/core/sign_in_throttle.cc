#include "services/account/core/sign_in_throttle.h"

#include <algorithm>

namespace perennial::account::core {
namespace {

constexpr int kMostDoublings = 4;  // beyond the cap already
constexpr absl::Duration kFirstPause = absl::Minutes(1);
constexpr absl::Duration kLongestPause = absl::Minutes(15);

}  // namespace

absl::Duration PauseAfter(int failures, int free_failures) {
  if (failures <= free_failures) return absl::ZeroDuration();
  const int doublings = std::min(failures - free_failures - 1, kMostDoublings);
  return std::min(kFirstPause * (1 << doublings), kLongestPause);
}

SignInAttempts AfterFailure(const SignInAttempts& attempts, absl::Time now, int free_failures) {
  const int failures = attempts.failures + 1;
  return {failures, now + PauseAfter(failures, free_failures)};
}

}  // namespace perennial::account::core
