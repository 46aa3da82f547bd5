#include "services/account/core/sign_in_throttle.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace perennial::account::core {
namespace {

constexpr int kMostDoublings = 4;  // beyond the cap already
constexpr absl::Duration kFirstPause = absl::Minutes(1);
constexpr absl::Duration kLongestPause = absl::Minutes(15);

}  // namespace

std::string NetworkOf(absl::string_view address) {
  constexpr size_t kGroups = 8;
  constexpr size_t kNetworkGroups = 4;
  const size_t gap = address.find("::");
  std::vector<std::string> groups = absl::StrSplit(address.substr(0, gap), ':', absl::SkipEmpty());
  if (address.find(':') == absl::string_view::npos) return std::string(address);
  if (absl::StrContains(address, '.'))
    return std::string(address.substr(address.rfind(':') + 1));  // ::ffff:192.0.2.1
  if (gap != absl::string_view::npos) {
    const std::vector<std::string> rest = absl::StrSplit(address.substr(gap + 2), ':', absl::SkipEmpty());
    while (groups.size() + rest.size() < kGroups) groups.push_back("0");
    groups.insert(groups.end(), rest.begin(), rest.end());
  }
  groups.resize(std::min(groups.size(), kNetworkGroups));
  return absl::StrJoin(groups, ":");
}

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
