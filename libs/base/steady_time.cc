#include "libs/base/steady_time.h"

#include "absl/base/const_init.h"
#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace perennial {
namespace {

// Not a std::shared_mutex: its readers may keep a writer waiting for ever.
ABSL_CONST_INIT absl::Mutex moving(absl::kConstInit);
// Of this thread: only the outermost locks, or a mover who waits in between would hold it up for ever.
thread_local int nested = 0;

}  // namespace

SteadyTime::SteadyTime() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  if (nested++ == 0) moving.ReaderLock();
}
SteadyTime::~SteadyTime() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  if (--nested == 0) moving.ReaderUnlock();
}

MovingTime::MovingTime() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  moving.Lock();
}
MovingTime::~MovingTime() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  moving.Unlock();
}

}  // namespace perennial
