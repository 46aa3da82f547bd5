#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/telemetry/metrics.h"

namespace perennial::work {

// Something a service does without being called: renewals that are due, events that wait, old rows to drop.
struct Job {
  std::string name;         // a metric label: "renewals"
  absl::Duration interval;  // pause after a run that found nothing to do; doubles while runs fail
  // Does a batch of what is due now and returns how many things it did; 0 when nothing is due. Must be safe
  // to run in many processes at once, and may be killed anywhere.
  std::function<absl::StatusOr<int>()> run_once;
};

// Runs each job on a thread of its own until stopped. With a test clock, also runs them on demand. Jobs of
// one name are one job on several threads; its last success is that of the thread whose is longest ago.
class Jobs {
 public:
  Jobs(std::vector<Job> jobs, telemetry::Metrics& metrics);
  ~Jobs();
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;

  void Start();
  // Begins no more batches.
  void RequestStop();
  // Returns once the running ones have finished their batch.
  void Stop();

  // Runs every job until none finds anything to do (test clock). Returns how many things were done.
  absl::StatusOr<int> Settle();

 private:
  struct Runner;
  void Loop(Runner& runner);
  absl::StatusOr<int> RunOnce(Runner& runner);
  void Succeeded(Runner& runner);

  std::vector<std::unique_ptr<Runner>> runners_;
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
};

}  // namespace perennial::work
