#include "libs/events/outbox.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/base/status_macros.h"

namespace perennial::events {
namespace {

constexpr absl::Duration kKeepRelayed = absl::Hours(24 * 7);
constexpr absl::Duration kKeepReceived = absl::Hours(24 * 14);
constexpr absl::Duration kCountEvery = absl::Seconds(5);

// Streams are as long as the outbox keeps facts; the ids are milliseconds of Redis's own clock.
std::string OldestId() {
  return std::to_string(absl::ToUnixMillis(absl::Now() - kKeepRelayed));
}

redis::Command AddToStream(const std::string& stream, const pg::Row& row) {
  return {"XADD",           stream,
          "MINID",          "~",
          OldestId(),       "*",
          "event_id",       row.Get<std::string>("event_id"),
          "type",           row.Get<std::string>("type"),
          "account_id",     row.Get<std::string>("account_id"),
          "subject",        row.Get<std::string>("subject"),
          "occurred_at_ms", std::to_string(absl::ToUnixMillis(row.Get<absl::Time>("occurred_at"))),
          "attributes",     row.Get<std::string>("attributes")};
}

}  // namespace

std::string StreamOf(absl::string_view service) {
  return absl::StrCat("perennial.events.", service);
}

std::string GenerationOf(absl::string_view stream) {
  return absl::StrCat(stream, ".generation");
}

absl::Status Outbox::Add(const std::vector<Event>& events) {
  if (events.empty()) return absl::OkStatus();
  std::vector<Uuid> ids, account_ids;
  std::vector<std::string> types, subjects;
  std::vector<pg::Literal> attributes;
  std::vector<absl::Time> occurred_at;
  for (const Event& event : events) {
    ids.push_back(event.id);
    types.push_back(event.type);
    account_ids.push_back(event.account_id);
    subjects.push_back(event.subject);
    occurred_at.push_back(event.occurred_at);
    attributes.push_back(
        {nlohmann::json(event.attributes).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)});
  }
  return database_.Execute(
      "INSERT INTO outbox (event_id, type, account_id, subject, occurred_at, attributes) "
      "SELECT unnest($1::uuid[]), unnest($2::text[]), unnest($3::uuid[]), unnest($4::text[]), "
      "unnest($5::timestamptz[]), unnest($6::jsonb[]) "
      "ON CONFLICT (event_id) DO NOTHING",
      ids, types, account_ids, subjects, occurred_at, attributes);
}

Relay::Relay(absl::string_view service, pg::Database& database, redis::Client& redis, const Clock& clock,
             telemetry::Metrics& metrics)
    : stream_(StreamOf(service)),
      database_(database),
      redis_(redis),
      clock_(clock),
      waiting_(metrics.GaugeOf("perennial_outbox_waiting", "Facts not yet relayed to Redis.")) {}

absl::Status Relay::ResendIfRedisWasEmptied() {
  const std::string marker = GenerationOf(stream_);
  ASSIGN_OR_RETURN(const redis::Reply reply, redis_.Run({"EXISTS", marker}));
  if (reply.integer != 0) return absl::OkStatus();
  // Committed before the marker is set: killed in between, they only go out once more. Not those older than
  // what inboxes surely remember.
  RETURN_IF_ERROR(database_
                      .Query("UPDATE outbox SET relayed_at = NULL WHERE relayed_at IS NOT NULL AND "
                             "occurred_at >= $1",
                             clock_.Now() - kKeepRelayed)
                      .status());
  TimedIdSource ids;
  return redis_.Run({"SET", marker, ids.Next().ToString()}).status();
}

// Costs what waits, so with many it must not be done for each batch of them.
absl::Status Relay::CountWaiting() {
  if (absl::Now() < count_again_at_) return absl::OkStatus();
  ASSIGN_OR_RETURN(const pg::Rows waiting,
                   database_.Query("SELECT count(*) AS waiting FROM outbox WHERE relayed_at IS NULL"));
  waiting_.Set(static_cast<double>(waiting[0].Get<int64_t>("waiting")));
  count_again_at_ = absl::Now() + kCountEvery;
  return absl::OkStatus();
}

absl::StatusOr<int> Relay::RunOnce() {
  int relayed = 0;
  RETURN_IF_ERROR(CountWaiting());
  RETURN_IF_ERROR(ResendIfRedisWasEmptied());
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    // So that several processes do not relay the same facts at once.
    RETURN_IF_ERROR(database_.Execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '/outbox', 0))"));
    ASSIGN_OR_RETURN(
        const pg::Rows rows,
        database_.Query("SELECT sequence, event_id, type, account_id, subject, occurred_at, attributes "
                        "FROM outbox WHERE relayed_at IS NULL ORDER BY sequence LIMIT 500"));
    if (rows.empty()) return absl::OkStatus();
    std::vector<redis::Command> commands;
    std::vector<int64_t> sequences;
    for (const pg::Row row : rows) {
      commands.push_back(AddToStream(stream_, row));
      sequences.push_back(row.Get<int64_t>("sequence"));
    }
    RETURN_IF_ERROR(redis_.RunAll(commands).status());
    relayed = rows.size();
    // Killed before this commits, the facts go out twice: the inbox drops repeats.
    return database_
        .Query("UPDATE outbox SET relayed_at = $1 WHERE sequence = ANY($2)", clock_.Now(), sequences)
        .status();
  }));
  return relayed;
}

absl::StatusOr<int> Relay::Purge() {
  // Looks at the oldest only: what is behind them was relayed later.
  ASSIGN_OR_RETURN(
      const pg::Rows relayed,
      database_.Query(
          "DELETE FROM outbox WHERE sequence IN (SELECT sequence FROM (SELECT sequence, relayed_at "
          "FROM outbox ORDER BY sequence LIMIT 1000) AS oldest WHERE relayed_at < $1)",
          clock_.Now() - kKeepRelayed));
  ASSIGN_OR_RETURN(const pg::Rows received,
                   database_.Query("DELETE FROM inbox WHERE event_id IN (SELECT event_id FROM inbox WHERE "
                                   "received_at < $1 LIMIT 1000)",
                                   clock_.Now() - kKeepReceived));
  // Streams are trimmed when something is added, and not exactly; a quiet one would keep facts of deleted
  // accounts for ever (R7).
  ASSIGN_OR_RETURN(const redis::Reply trimmed, redis_.Run({"XTRIM", stream_, "MINID", OldestId()}));
  return static_cast<int>(relayed.affected() + received.affected() + trimmed.integer);
}

}  // namespace perennial::events
