#include "libs/work/pool.h"

#include <utility>

namespace perennial::work {

Pool::Pool(int threads, int queue_limit, telemetry::Metrics& metrics)
    : queue_limit_(queue_limit),
      queued_(metrics.GaugeOf("perennial_pool_queue_length", "Calls waiting for a worker.")),
      refused_(
          metrics.CounterOf("perennial_pool_refused_total", "Calls refused because the queue was full.")) {
  metrics.GaugeOf("perennial_pool_workers", "Worker threads.").Set(threads);
  for (int i = 0; i < threads; ++i) workers_.push_back(std::make_unique<Worker>());
  for (const auto& worker : workers_) worker->thread = std::thread([this, &worker] { Work(*worker); });
}

Pool::~Pool() {
  Drain();
}

bool Pool::TrySubmit(std::function<void()> task) {
  Worker* woken = nullptr;
  {
    std::lock_guard lock(mutex_);
    if (stopping_ || (idle_.empty() && queue_.size() >= queue_limit_)) {
      refused_.Add();
      return false;
    }
    if (idle_.empty()) {
      queue_.push_back(std::move(task));
      queued_.Set(static_cast<double>(queue_.size()));
      return true;
    }
    woken = idle_.back();
    idle_.pop_back();
    woken->task = std::move(task);
  }
  sem_post(&woken->woken);
  return true;
}

void Pool::Drain() {
  std::vector<Worker*> idle;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    idle = std::exchange(idle_, {});
  }
  for (Worker* worker : idle) sem_post(&worker->woken);
  for (const auto& worker : workers_) {
    if (worker->thread.joinable()) worker->thread.join();
  }
}

std::function<void()> Pool::NextTask(Worker& self) {
  {
    std::lock_guard lock(mutex_);
    if (!queue_.empty()) {
      std::function<void()> task = std::move(queue_.front());
      queue_.pop_front();
      queued_.Set(static_cast<double>(queue_.size()));
      return task;
    }
    if (stopping_) return {};
    idle_.push_back(&self);
  }
  while (sem_wait(&self.woken) != 0) continue;
  return std::exchange(self.task, {});
}

void Pool::Work(Worker& self) {
  while (const std::function<void()> task = NextTask(self)) task();
}

}  // namespace perennial::work
