#include "libs/events/inbox.h"

#include <map>
#include <nlohmann/json.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/base/status_macros.h"
#include "libs/events/outbox.h"
#include "libs/telemetry/log.h"

namespace perennial::events {
namespace {

absl::StatusOr<Event> ToEvent(const redis::Reply& entry) {
  std::map<std::string, std::string> fields;
  for (size_t i = 0; i + 1 < entry.array.size(); i += 2)
    fields[entry.array[i].text] = entry.array[i + 1].text;
  int64_t occurred_at_ms = 0;
  ASSIGN_OR_RETURN(const Uuid id, Uuid::Parse(fields["event_id"]));
  ASSIGN_OR_RETURN(const Uuid account_id, Uuid::Parse(fields["account_id"]));
  const auto attributes = nlohmann::json::parse(fields["attributes"], nullptr, /*allow_exceptions=*/false);
  if (!attributes.is_object() || !absl::SimpleAtoi(fields["occurred_at_ms"], &occurred_at_ms)) {
    return absl::InvalidArgumentError("not an event");
  }
  Event event{id, fields["type"], account_id, fields["subject"], absl::FromUnixMillis(occurred_at_ms), {}};
  for (const auto& [key, value] : attributes.items()) {
    if (value.is_string()) event.attributes[key] = value.get<std::string>();
  }
  return event;
}

}  // namespace

Inbox::Inbox(absl::string_view from_service, pg::Database& database, redis::Client& redis, const Clock& clock,
             Handler handler)
    : stream_(StreamOf(from_service)),
      database_(database),
      redis_(redis),
      clock_(clock),
      handler_(std::move(handler)) {}

absl::Status Inbox::MoveTo(const std::string& position) {
  // Locks the stream's place: of several processes, one at a time takes events in.
  return database_
      .Query(
          "INSERT INTO inbox_position (stream, position) VALUES ($1, $2) "
          "ON CONFLICT (stream) DO UPDATE SET position = excluded.position",
          stream_, position)
      .status();
}

absl::Status Inbox::Take(const std::string& position, const Event& event) {
  return database_.Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(MoveTo(position));
    ASSIGN_OR_RETURN(
        const pg::Rows taken,
        database_.Query("INSERT INTO inbox (event_id, received_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                        event.id, clock_.Now()));
    if (taken.affected() == 0) return absl::OkStatus();
    return handler_(event);
  });
}

absl::StatusOr<std::string> Inbox::Position(const std::string& generation) {
  ASSIGN_OR_RETURN(const pg::Rows place,
                   database_.Query("SELECT position FROM inbox_position WHERE stream = $1", stream_));
  const std::string stored = place.empty() ? "" : place[0].Get<std::string>("position");
  absl::string_view entry_id = stored;
  return std::string(absl::ConsumePrefix(&entry_id, generation + "/") ? entry_id : "0");
}

absl::StatusOr<int> Inbox::RunOnce() {
  ASSIGN_OR_RETURN(const redis::Reply marker, redis_.Run({"GET", GenerationOf(stream_)}));
  ASSIGN_OR_RETURN(const std::string position, Position(marker.text));
  ASSIGN_OR_RETURN(const redis::Reply reply,
                   redis_.Run({"XREAD", "COUNT", "200", "STREAMS", stream_, position}));
  if (reply.kind != redis::Reply::Kind::kArray || reply.array.empty()) return 0;
  int count = 0;
  for (const redis::Reply& entry : reply.array[0].array[1].array) {
    const std::string& entry_id = entry.array[0].text;
    const std::string place = absl::StrCat(marker.text, "/", entry_id);
    const absl::StatusOr<Event> event = ToEvent(entry.array[1]);
    if (!event.ok()) {
      telemetry::Log(telemetry::Severity::kError, "event cannot be read",
                     {{"stream", stream_}, {"entry", entry_id}});
      RETURN_IF_ERROR(MoveTo(place));
    } else {
      const absl::Status taken = Take(place, *event);
      if (!taken.ok()) {
        // It holds up all that come after it.
        telemetry::Log(telemetry::Severity::kWarning, "event cannot be taken in",
                       {{"stream", stream_},
                        {"entry", entry_id},
                        {"event_id", event->id.ToString()},
                        {"type", event->type}});
        return taken;
      }
    }
    ++count;
  }
  return count;
}

}  // namespace perennial::events
