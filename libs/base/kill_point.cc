#include "libs/base/kill_point.h"

#include <signal.h>

#include <array>
#include <atomic>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace perennial {
namespace {

constexpr std::array<absl::string_view, 4> kNames = {"before_commit", "after_commit", "before_call",
                                                     "after_call"};

std::atomic<int> armed_point{-1};
std::atomic<int> times_left{0};

}  // namespace

absl::Status ArmKillPoint(absl::string_view spec) {
  if (spec.empty()) return absl::OkStatus();
  const std::pair<std::string, std::string> parts = absl::StrSplit(spec, absl::MaxSplits(':', 1));
  int times = 0;
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (parts.first != kNames[i] || !absl::SimpleAtoi(parts.second, &times) || times < 1) continue;
    times_left = times;
    armed_point = static_cast<int>(i);
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("must be before_commit, after_commit, before_call or after_call, and :N");
}

void Reach(KillPoint point) {
  if (armed_point.load(std::memory_order_relaxed) != static_cast<int>(point)) return;
  if (--times_left == 0) raise(SIGKILL);
}

}  // namespace perennial
