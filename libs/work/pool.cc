#include "libs/work/pool.h"

namespace perennial::work {

Pool::Pool(int threads, int queue_limit, telemetry::Metrics& metrics)
    : queue_limit_(queue_limit),
      queued_(metrics.GaugeOf("perennial_pool_queue_length", "Calls waiting for a worker.")),
      refused_(
          metrics.CounterOf("perennial_pool_refused_total", "Calls refused because the queue was full.")) {
  metrics.GaugeOf("perennial_pool_workers", "Worker threads.").Set(threads);
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

Pool::~Pool() {
  Drain();
}

bool Pool::TrySubmit(std::function<void()> task) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_ || queue_.size() >= queue_limit_) {
      refused_.Add();
      return false;
    }
    queue_.push_back(std::move(task));
    queued_.Set(static_cast<double>(queue_.size()));
  }
  wake_.notify_one();
  return true;
}

void Pool::Drain() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Pool::Work() {
  while (true) {
    std::function<void()> task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      task = std::move(queue_.front());
      queue_.pop_front();
      queued_.Set(static_cast<double>(queue_.size()));
    }
    task();
  }
}

}  // namespace perennial::work
