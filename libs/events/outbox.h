#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/base/clock.h"
#include "libs/base/event.h"
#include "libs/pg/database.h"
#include "libs/redis/client.h"
#include "libs/telemetry/metrics.h"

namespace perennial::events {

std::string StreamOf(absl::string_view service);

// The key that holds a new random value whenever a stream begins anew, because Redis was emptied. Entry ids
// of another generation mean nothing: a replacement's clock may be behind.
std::string GenerationOf(absl::string_view stream);

// Writes facts into the thread's transaction. A fact without one would be a fact without a change, so stores
// call this inside Database::Transact.
class Outbox {
 public:
  explicit Outbox(pg::Database& database) : database_(database) {}
  absl::Status Add(const std::vector<Event>& events);

 private:
  pg::Database& database_;
};

// The job that takes facts from the outbox to the service's Redis Stream, in order.
class Relay {
 public:
  Relay(absl::string_view service, pg::Database& database, redis::Client& redis, const Clock& clock,
        telemetry::Metrics& metrics);

  // Relays a batch. Returns how many facts went out.
  absl::StatusOr<int> RunOnce();
  // Drops a batch of facts that went out more than 7 days ago, and of inbox entries older than 14. Returns
  // how many.
  absl::StatusOr<int> Purge();

 private:
  absl::Status CountWaiting();
  absl::Status ResendIfRedisWasEmptied();

  const std::string stream_;
  pg::Database& database_;
  redis::Client& redis_;
  const Clock& clock_;
  telemetry::Gauge& waiting_;
  absl::Time count_again_at_ = absl::InfinitePast();  // by the real clock
};

}  // namespace perennial::events
