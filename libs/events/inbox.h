#pragma once

#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "libs/base/clock.h"
#include "libs/base/event.h"
#include "libs/pg/database.h"
#include "libs/redis/client.h"

namespace perennial::events {

// The job that takes another service's facts in, each once and in order.
class Inbox {
 public:
  // Called inside the transaction that remembers the event, so its changes and that memory commit together.
  // An error leaves the event for the next run; types of no interest return OK. It must not talk to other
  // processes.
  using Handler = std::function<absl::Status(const Event&)>;

  Inbox(absl::string_view from_service, pg::Database& database, redis::Client& redis, const Clock& clock,
        Handler handler);

  // Takes a batch in. Returns how many events were read, new or not.
  absl::StatusOr<int> RunOnce();

 private:
  // Where to read on: "0", the beginning, unless a place in this generation of the stream is stored.
  absl::StatusOr<std::string> Position(const std::string& generation);
  absl::Status MoveTo(const std::string& position);
  absl::Status Take(const std::string& position, const Event& event);

  const std::string stream_;
  pg::Database& database_;
  redis::Client& redis_;
  const Clock& clock_;
  const Handler handler_;
};

}  // namespace perennial::events
