#include "libs/base/kill_point.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "tests/support/status_matchers.h"

namespace perennial {
namespace {

// How a process ends that reaches `point` twice: 0, or the signal.
int EndOf(absl::string_view spec, KillPoint point) {
  const pid_t child = fork();
  if (child == 0) {
    ArmKillPoint(spec).IgnoreError();
    Reach(point);
    Reach(point);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

TEST_CASE("a process is killed where and when it was told, and nowhere else") {
  CHECK(EndOf("after_commit:2", KillPoint::kAfterCommit) == SIGKILL);
  CHECK(EndOf("after_commit:3", KillPoint::kAfterCommit) == 0);
  CHECK(EndOf("after_commit:1", KillPoint::kBeforeCommit) == 0);
  CHECK(EndOf("before_call:1", KillPoint::kBeforeCall) == SIGKILL);
  CHECK(EndOf("", KillPoint::kBeforeCommit) == 0);
}

TEST_CASE("a kill point that does not exist is refused") {
  REQUIRE_OK(ArmKillPoint(""));
  for (const char* spec : {"after_commit", "after_commit:0", "after_commit:x", "nowhere:1", ":1"}) {
    CHECK(ArmKillPoint(spec).code() == absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace perennial
