#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/redis/client.h"
#include "libs/rpc/peer.h"
#include "libs/rpc/service.h"
#include "libs/work/jobs.h"

namespace perennial {

// The clock that all five services share when TIME=test (R36): the machine's time moved by an offset. The
// leader moves it, a day at a time: at each stop all services run what is due until nothing is left, so a
// jump of 400 days gives the same books as 400 jumps of one day.
class TestClock {
 public:
  // `followers`: the other four, at the leader; empty elsewhere.
  TestClock(OffsetClock& clock, redis::Client& redis, work::Jobs& jobs,
            std::vector<std::unique_ptr<rpc::Peer>> followers);

  // Takes over the offset that was reached before this process started. Redis keeps it.
  absl::Status Resume();

  rpc::Service Service();

 private:
  absl::Status Advance(absl::Time target);
  void Move(absl::Duration offset);
  absl::StatusOr<int64_t> AskFollowers(bool offset_only);
  absl::StatusOr<int64_t> SettleAll();

  OffsetClock& clock_;
  redis::Client& redis_;
  work::Jobs& jobs_;
  const std::vector<std::unique_ptr<rpc::Peer>> followers_;
  std::mutex advancing_;
};

}  // namespace perennial
