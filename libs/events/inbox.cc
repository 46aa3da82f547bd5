#include "libs/events/inbox.h"

#include <algorithm>
#include <exception>
#include <map>
#include <nlohmann/json.hpp>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "libs/base/call_scope.h"
#include "libs/base/status_macros.h"
#include "libs/events/outbox.h"
#include "libs/telemetry/log.h"

namespace perennial::events {
namespace {

// Reads of Redis and transactions are of so many.
constexpr char kBatch[] = "500";

using Fields = std::map<absl::string_view, absl::string_view>;

Fields FieldsOf(const redis::Reply& entry) {
  Fields fields;
  for (size_t i = 0; i + 1 < entry.array.size(); i += 2)
    fields[entry.array[i].text] = entry.array[i + 1].text;
  return fields;
}

absl::StatusOr<Event> ToEvent(Fields& fields) {
  int64_t occurred_at_ms = 0;
  ASSIGN_OR_RETURN(const Uuid id, Uuid::Parse(fields["event_id"]));
  ASSIGN_OR_RETURN(const Uuid account_id, Uuid::Parse(fields["account_id"]));
  const auto attributes = nlohmann::json::parse(fields["attributes"], nullptr, /*allow_exceptions=*/false);
  if (!attributes.is_object() || !absl::SimpleAtoi(fields["occurred_at_ms"], &occurred_at_ms)) {
    return absl::InvalidArgumentError("not an event");
  }
  Event event{id,
              std::string(fields["type"]),
              account_id,
              std::string(fields["subject"]),
              absl::FromUnixMillis(occurred_at_ms),
              {}};
  for (const auto& [key, value] : attributes.items()) {
    if (value.is_string()) event.attributes[key] = value.get<std::string>();
  }
  return event;
}

}  // namespace

Inbox::Inbox(absl::string_view from_service, pg::Database& database, redis::Client& redis, const Clock& clock,
             Interest interest, Handler handler)
    : stream_(StreamOf(from_service)),
      database_(database),
      redis_(redis),
      clock_(clock),
      interest_(std::move(interest)),
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

Inbox::Entry Inbox::ToEntry(const std::string& generation, const redis::Reply& entry) const {
  const std::string& entry_id = entry.array[0].text;
  Entry read{absl::StrCat(generation, "/", entry_id), std::nullopt};
  Fields fields = FieldsOf(entry.array[1]);
  if (!interest_(fields["type"])) return read;
  absl::StatusOr<Event> event = ToEvent(fields);
  if (event.ok()) {
    read.event = *std::move(event);
  } else {
    telemetry::Log(telemetry::Severity::kError, "event cannot be read",
                   {{"stream", stream_}, {"entry", entry_id}});
  }
  return read;
}

absl::Status Inbox::Take(Entries entries) {
  std::vector<Uuid> ids;
  for (const Entry& entry : entries) {
    if (entry.event) ids.push_back(entry.event->id);
  }
  if (ids.empty()) return MoveTo(entries.back().place);
  return database_.Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(MoveTo(entries.back().place));
    ASSIGN_OR_RETURN(const pg::Rows rows,
                     database_.Query("INSERT INTO inbox (event_id, received_at) "
                                     "SELECT event_id, $2 FROM unnest($1::uuid[]) AS event_id "
                                     "ON CONFLICT DO NOTHING RETURNING event_id",
                                     ids, clock_.Now()));
    absl::flat_hash_set<Uuid> fresh;
    for (const pg::Row row : rows) fresh.insert(row.Get<Uuid>("event_id"));
    std::vector<Event> events;
    for (const Entry& entry : entries) {
      if (entry.event && fresh.erase(entry.event->id) > 0) events.push_back(*entry.event);
    }
    return events.empty() ? absl::OkStatus() : handler_(events);
  });
}

bool Inbox::TakeTogether(Entries entries) {
  // In half of the time: should that not suffice, as many as can are taken by themselves in the other half,
  // and the next run begins behind them.
  std::optional<CallScope> half;
  if (const CallScope* whole = CallScope::Current())
    half.emplace(absl::Now() + whole->TimeLeft() / 2, whole->traceparent());
  try {
    return Take(entries).ok();
  } catch (const std::exception&) {
    return false;  // whose fault it is shows when each is taken by itself
  }
}

absl::Status Inbox::TakeEach(Entries entries) {
  for (size_t i = 0; i < entries.size(); ++i) {
    const absl::Status taken = Take(entries.subspan(i, 1));
    if (taken.ok()) continue;
    // It holds up all that come after it.
    telemetry::Log(telemetry::Severity::kWarning, "event cannot be taken in",
                   {{"stream", stream_},
                    {"place", entries[i].place},
                    {"event_id", entries[i].event ? entries[i].event->id.ToString() : ""},
                    {"type", entries[i].event ? entries[i].event->type : ""}});
    return taken;
  }
  return absl::OkStatus();
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
                   redis_.Run({"XREAD", "COUNT", kBatch, "STREAMS", stream_, position}));
  if (reply.kind != redis::Reply::Kind::kArray || reply.array.empty()) return 0;
  std::vector<Entry> entries;
  for (const redis::Reply& entry : reply.array[0].array[1].array)
    entries.push_back(ToEntry(marker.text, entry));
  if (!TakeTogether(entries)) RETURN_IF_ERROR(TakeEach(entries));
  return static_cast<int>(entries.size());
}

Inbox::Interest OnlyOf(std::vector<std::string> types) {
  return [types = std::move(types)](absl::string_view type) {
    return std::find(types.begin(), types.end(), type) != types.end();
  };
}

Inbox::Handler OneByOne(std::function<absl::Status(const Event&)> handle) {
  return [handle = std::move(handle)](const std::vector<Event>& events) -> absl::Status {
    for (const Event& event : events) RETURN_IF_ERROR(handle(event));
    return absl::OkStatus();
  };
}

}  // namespace perennial::events
