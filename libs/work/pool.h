#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "libs/telemetry/metrics.h"

namespace perennial::work {

// A fixed number of threads and a short queue. When the queue is full, work is refused at once rather than
// kept waiting until nobody wants it any more.
class Pool {
 public:
  Pool(int threads, int queue_limit, telemetry::Metrics& metrics);
  ~Pool();  // finishes what was accepted
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // False if the queue is full or the pool is stopping; `task` is then not run.
  bool TrySubmit(std::function<void()> task);
  // Accepts nothing more, and returns once everything accepted has run.
  void Drain();

 private:
  void Work();

  const size_t queue_limit_;
  telemetry::Gauge& queued_;
  telemetry::Counter& refused_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace perennial::work
