#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "libs/base/clock.h"
#include "libs/base/event.h"
#include "libs/pg/database.h"
#include "libs/redis/client.h"

namespace perennial::events {

// The job that takes another service's facts in, each once and in order.
class Inbox {
 public:
  // By a fact's type; the others are passed over, unread and not remembered.
  using Interest = std::function<bool(absl::string_view type)>;
  // Called with new facts in their order, inside the transaction that remembers them, so its changes and that
  // memory commit together. After an error none of them was taken, and each is tried by itself: one that
  // cannot be handled is left for the next run, as are those behind it. It must not talk to other processes.
  using Handler = std::function<absl::Status(const std::vector<Event>&)>;

  Inbox(absl::string_view from_service, pg::Database& database, redis::Client& redis, const Clock& clock,
        Interest interest, Handler handler);

  // Takes a batch in. Returns how many facts were read, new or not, of interest or not.
  absl::StatusOr<int> RunOnce();

 private:
  struct Entry {
    std::string place;           // of the stream's generation, to be read on from
    std::optional<Event> event;  // none: of no interest
  };
  using Entries = absl::Span<const Entry>;

  Entry ToEntry(const std::string& generation, const redis::Reply& entry) const;
  // Where to read on: "0", the beginning, unless a place in this generation of the stream is stored.
  absl::StatusOr<std::string> Position(const std::string& generation);
  absl::Status MoveTo(const std::string& position);
  // In one transaction.
  absl::Status Take(Entries entries);
  bool TakeTogether(Entries entries);
  absl::Status TakeEach(Entries entries);

  const std::string stream_;
  pg::Database& database_;
  redis::Client& redis_;
  const Clock& clock_;
  const Interest interest_;
  const Handler handler_;
};

// These types and no others.
Inbox::Interest OnlyOf(std::vector<std::string> types);

// For facts that are rare enough to be handled one after the other.
Inbox::Handler OneByOne(std::function<absl::Status(const Event&)> handle);

}  // namespace perennial::events
