#pragma once

#include <atomic>
#include <memory>

#include "absl/status/statusor.h"

namespace perennial::account {

// Lets in only so many at once to work on passwords, which is slow by design: else a few dozen calls without
// any account would take all workers, and nobody could so much as refresh a session.
class PasswordWork {
 public:
  explicit PasswordWork(int most) : most_(most) {}

  // Leaves when it is dropped.
  class Turn {
   public:
    explicit Turn(std::atomic<int>& inside) : inside_(inside) {}
    ~Turn() { --inside_; }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    std::atomic<int>& inside_;
  };
  // OVERLOADED. Never waits: a waiting call would hold a worker as well.
  absl::StatusOr<std::unique_ptr<Turn>> Enter();

 private:
  const int most_;
  std::atomic<int> inside_ = 0;
};

}  // namespace perennial::account
