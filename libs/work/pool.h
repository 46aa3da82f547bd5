#pragma once

#include <semaphore.h>

#include <deque>
#include <functional>
#include <memory>
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
  // Waits at a semaphore of its own, without a turn of spinning (std::binary_semaphore) and without taking a
  // mutex again (std::condition_variable): 5 % of what a one-row read costs.
  struct Worker {
    Worker() { sem_init(&woken, 0, 0); }
    ~Worker() { sem_destroy(&woken); }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    std::function<void()> task;  // what it was woken for; empty: to stop
    sem_t woken;
    std::thread thread;
  };
  void Work(Worker& self);
  // The next task, waited for; empty once there will be no more.
  std::function<void()> NextTask(Worker& self);

  const size_t queue_limit_;
  telemetry::Gauge& queued_;
  telemetry::Counter& refused_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::mutex mutex_;
  std::deque<std::function<void()>> queue_;
  std::vector<Worker*> idle_;  // the last to have worked is the first to be woken: its memory is still near
  bool stopping_ = false;
};

}  // namespace perennial::work
