#include "libs/work/jobs.h"

#include <algorithm>
#include <exception>

#include "absl/time/clock.h"
#include "libs/base/call_scope.h"
#include "libs/base/status_macros.h"
#include "libs/telemetry/log.h"

namespace perennial::work {
namespace {

constexpr absl::Duration kBatchTimeout = absl::Seconds(60);
constexpr absl::Duration kLongestPauseAfterFailures = absl::Seconds(5);

}  // namespace

struct Jobs::Runner {
  Job job;
  telemetry::Counter& done;
  telemetry::Counter& failures;
  telemetry::Gauge& last_success;
  absl::Time succeeded_at = absl::UnixEpoch();  // under mutex_
  std::mutex running;  // one batch at a time in this process, so that Settle sees what the loop began
  std::thread thread;
};

Jobs::Jobs(std::vector<Job> jobs, telemetry::Metrics& metrics) {
  for (Job& job : jobs) {
    const telemetry::Labels labels = {{"job_name", job.name}};
    runners_.push_back(std::unique_ptr<Runner>(new Runner{
        .job = job,
        .done = metrics.CounterOf("perennial_job_done_total", "Things done by background jobs.", labels),
        .failures = metrics.CounterOf("perennial_job_failures_total",
                                      "Batches of background jobs that failed.", labels),
        .last_success = metrics.GaugeOf("perennial_job_last_success_timestamp_seconds",
                                        "When a batch of the job last ended well; of a job on several "
                                        "threads, on the one where that is longest ago.",
                                        labels),
        .running = {},
        .thread = {},
    }));
  }
}

Jobs::~Jobs() {
  Stop();
}

void Jobs::Start() {
  for (auto& runner : runners_) runner->thread = std::thread([this, &runner = *runner] { Loop(runner); });
}

void Jobs::RequestStop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
}

void Jobs::Stop() {
  RequestStop();
  for (auto& runner : runners_) {
    if (runner->thread.joinable()) runner->thread.join();
  }
}

absl::StatusOr<int> Jobs::RunOnce(Runner& runner) {
  std::lock_guard lock(runner.running);
  const CallScope scope(absl::Now() + kBatchTimeout, ContinueTrace(""));
  absl::StatusOr<int> count;
  try {
    count = runner.job.run_once();
  } catch (const std::exception& error) {
    count = absl::InternalError(error.what());
  } catch (...) {
    count = absl::InternalError("an exception of unknown type");
  }
  if (count.ok()) {
    if (*count > 0) runner.done.Add(*count);
    Succeeded(runner);
  } else {
    runner.failures.Add();
    telemetry::Log(telemetry::Severity::kWarning, "job failed",
                   {{"job", runner.job.name}, {"error", std::string(count.status().message())}});
  }
  return count;
}

// A thread that hangs is not to be hidden by those beside it.
void Jobs::Succeeded(Runner& runner) {
  std::lock_guard lock(mutex_);
  runner.succeeded_at = absl::Now();
  absl::Time longest_ago = runner.succeeded_at;
  for (const auto& other : runners_) {
    if (&other->last_success == &runner.last_success)
      longest_ago = std::min(longest_ago, other->succeeded_at);
  }
  runner.last_success.Set(absl::ToDoubleSeconds(longest_ago - absl::UnixEpoch()));
}

void Jobs::Loop(Runner& runner) {
  absl::Duration pause;
  bool failed = false;
  while (true) {
    const absl::StatusOr<int> count = RunOnce(runner);
    if (count.ok()) {
      pause = *count > 0 ? absl::ZeroDuration() : runner.job.interval;
    } else {
      const absl::Duration longest = std::max(kLongestPauseAfterFailures, runner.job.interval);
      pause = failed ? std::min(2 * std::max(pause, runner.job.interval), longest) : runner.job.interval;
    }
    failed = !count.ok();
    std::unique_lock lock(mutex_);
    if (stop_.wait_for(lock, absl::ToChronoMilliseconds(pause), [this] { return stopping_; })) return;
  }
}

absl::StatusOr<int> Jobs::Settle() {
  int total = 0;
  while (true) {
    int round = 0;
    for (auto& runner : runners_) {
      ASSIGN_OR_RETURN(const int count, RunOnce(*runner));
      round += count;
    }
    if (round == 0) return total;
    total += round;
  }
}

}  // namespace perennial::work
