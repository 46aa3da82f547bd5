#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace perennial {

// Places at which tests have the process killed, to see that nothing is lost or done twice there: before and
// after each commit, each call of another service, and each request to the payment gateway.
enum class KillPoint { kBeforeCommit, kAfterCommit, kBeforeCall, kAfterCall };

// `spec`: "after_commit:17" has the process end by SIGKILL when it comes there for the 17th time; "": never.
// INVALID_ARGUMENT for anything else. Before there are other threads.
absl::Status ArmKillPoint(absl::string_view spec);

void Reach(KillPoint point);

}  // namespace perennial
