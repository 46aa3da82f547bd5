#include "libs/process/test_clock.h"

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "libs/base/call_scope.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/steady_time.h"
#include "libs/rpc/proto_values.h"
#include "perennial/testing/v1/test_clock.pb.h"

namespace perennial {
namespace {

namespace v1 = testing::v1;

constexpr char kOffsetKey[] = "perennial.test_clock.offset_ms";
constexpr char kServiceName[] = "perennial.testing.v1.TestClockService";
constexpr absl::Duration kStep = absl::Hours(24);
constexpr int kMaxRounds = 1000;
constexpr absl::Duration kFurthest = absl::Hours(24 * 366 * 50);

void SetOffsetOf(const OffsetClock& clock, google::protobuf::Duration& duration) {
  const absl::Duration offset = clock.Offset();
  duration.set_seconds(absl::ToInt64Seconds(offset));
  duration.set_nanos(static_cast<int32_t>((offset % absl::Seconds(1)) / absl::Nanoseconds(1)));
}

v1::ClockState ToState(const OffsetClock& clock) {
  v1::ClockState state;
  *state.mutable_time() = rpc::ToProto(clock.Now());
  SetOffsetOf(clock, *state.mutable_offset());
  return state;
}

}  // namespace

TestClock::TestClock(OffsetClock& clock, redis::Client& redis, work::Jobs& jobs,
                     std::vector<std::unique_ptr<rpc::Peer>> followers)
    : clock_(clock), redis_(redis), jobs_(jobs), followers_(std::move(followers)) {}

absl::Status TestClock::Resume() {
  ASSIGN_OR_RETURN(const redis::Reply reply, redis_.Run({"GET", kOffsetKey}));
  int64_t offset_ms = 0;
  if (absl::SimpleAtoi(reply.text, &offset_ms)) clock_.SetOffset(absl::Milliseconds(offset_ms));
  return absl::OkStatus();
}

void TestClock::Move(absl::Duration offset) {
  if (offset <= clock_.Offset()) return;  // asked for in each round, and late by a leader that has died
  const MovingTime moving;
  clock_.SetOffset(std::max(offset, clock_.Offset()));
}

absl::StatusOr<int64_t> TestClock::AskFollowers(bool offset_only) {
  v1::SettleClockRequest request;
  SetOffsetOf(clock_, *request.mutable_offset());
  request.set_offset_only(offset_only);
  int64_t done = 0;
  for (const auto& follower : followers_) {
    ASSIGN_OR_RETURN(const auto response,
                     follower->Call<v1::SettleClockResponse>(std::string(kServiceName) + "/SettleClock",
                                                             request, absl::Seconds(60)));
    done += response.done_count();
  }
  return done;
}

absl::StatusOr<int64_t> TestClock::SettleAll() {
  int64_t total = 0;
  // What one does may be another's work (an event, an order), so round and round until all are idle.
  for (int round = 0; round < kMaxRounds; ++round) {
    ASSIGN_OR_RETURN(const int own, jobs_.Settle());
    ASSIGN_OR_RETURN(const int64_t others, AskFollowers(/*offset_only=*/false));
    if (own + others == 0) return total;
    total += own + others;
  }
  return absl::InternalError("the services never came to rest");
}

absl::Status TestClock::Advance(absl::Time target) {
  std::lock_guard lock(advancing_);
  const absl::Time start = clock_.Now();
  // A second of slack: the clock ticks, and asking for "now" is not asking to go back.
  if (target < start - absl::Seconds(1))
    return Precondition("CLOCK_BACKWARDS", "the test clock only goes forward");
  if (target > absl::Now() + kFurthest) return InvalidField("target_time", "must be within 50 years");
  // Who died on the way to the last stop may have left others behind: nobody is ever more than one ahead.
  RETURN_IF_ERROR(AskFollowers(/*offset_only=*/true).status());
  for (absl::Time stop = start; stop < target;) {
    if (CallScope::Current()->deadline() < absl::Now()) return absl::DeadlineExceededError("");
    stop = std::min(stop + kStep, target);
    Move(stop - absl::Now());
    RETURN_IF_ERROR(
        redis_.Run({"SET", kOffsetKey, std::to_string(absl::ToInt64Milliseconds(clock_.Offset()))}).status());
    RETURN_IF_ERROR(SettleAll().status());
  }
  return SettleAll().status();
}

rpc::Service TestClock::Service() {
  rpc::Service service(kServiceName);
  service.Read<v1::GetClockRequest, v1::ClockState>(
      "GetClock", rpc::Operators(),
      [this](const auto&, const auto&) -> absl::StatusOr<v1::ClockState> { return ToState(clock_); });
  service.Read<v1::AdvanceClockRequest, v1::ClockState>(
      "AdvanceClock", rpc::Operators(),
      [this](const auto&, const auto& request) -> absl::StatusOr<v1::ClockState> {
        if (followers_.empty())
          return Precondition("CLOCK_FOLLOWS", "ask subscription: it moves the clock of all services");
        if (!request.has_target_time()) return InvalidField("target_time", "is required");
        RETURN_IF_ERROR(Advance(rpc::FromProto(request.target_time())));
        return ToState(clock_);
      });
  service.Read<v1::SettleClockRequest, v1::SettleClockResponse>(
      "SettleClock", rpc::Services({"subscription"}),
      [this](const auto&, const auto& request) -> absl::StatusOr<v1::SettleClockResponse> {
        Move(absl::Seconds(request.offset().seconds()) + absl::Nanoseconds(request.offset().nanos()));
        v1::SettleClockResponse response;
        if (request.offset_only()) return response;
        ASSIGN_OR_RETURN(const int done, jobs_.Settle());
        response.set_done_count(done);
        return response;
      });
  return service;
}

}  // namespace perennial
