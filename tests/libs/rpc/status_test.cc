#include "libs/rpc/status.h"

#include <rapidcheck.h>
#include <unistd.h>
#include <catch2/catch.hpp>
#include <cstdio>
#include <functional>

#include "absl/strings/match.h"
#include "libs/base/error.h"
#include "tests/libs/rpc/server_fixture.h"

namespace perennial::rpc {
namespace {

absl::StatusCode AnyFailure(int code) {
  return static_cast<absl::StatusCode>(code);
}

TEST_CASE("a refusal of any code has that code and exactly one ErrorInfo with its reason") {
  for (int code = 1; code <= 16; ++code) {
    const Answer answer{ToGrpc(Refusal(AnyFailure(code), "QUOTE_EXPIRED", "over", {{"quote", "q"}})), ""};
    CHECK(answer.status.error_code() == code);
    CHECK(answer.status.error_message() == "over");
    CHECK(answer.Reason() == "QUOTE_EXPIRED");
    const absl::Status back = FromGrpc(answer.status);
    CHECK(back.code() == AnyFailure(code));
    CHECK(ReasonOf(back) == "QUOTE_EXPIRED");
  }
  CHECK(ToGrpc(absl::OkStatus()).ok());
  CHECK(FromGrpc(grpc::Status::OK).ok());
}

TEST_CASE("a status without a reason says nothing of what happened inside") {
  for (int code = 1; code <= 16; ++code) {
    absl::Status status(AnyFailure(code), "password=hunter2 at /srv/db");
    status.SetPayload("internal", absl::Cord("hunter2"));
    const Answer answer{ToGrpc(status), ""};
    INFO(code);
    CHECK_FALSE(absl::StrContains(answer.status.error_message(), "hunter2"));
    CHECK_FALSE(absl::StrContains(answer.status.error_details(), "hunter2"));
    switch (status.code()) {
      case absl::StatusCode::kCancelled:
        CHECK(answer.Reason() == "CANCELLED_BY_CALLER");
        break;
      case absl::StatusCode::kDeadlineExceeded:
        CHECK(answer.Reason() == "DEADLINE_PASSED");
        break;
      case absl::StatusCode::kUnavailable:
        CHECK(answer.Reason() == "SERVICE_UNAVAILABLE");
        break;
      default:
        CHECK(answer.status.error_code() == grpc::StatusCode::INTERNAL);
        CHECK(answer.Reason() == "INTERNAL_ERROR");
    }
  }
}

TEST_CASE("an answer that is not of this system still becomes a refusal of ours") {
  for (int code = 1; code <= 16; ++code) {
    for (const char* details : {"", "nonsense", "\x08\x03"}) {
      const grpc::Status foreign(static_cast<grpc::StatusCode>(code), "proxy says no", details);
      CHECK_FALSE(ReasonOf(FromGrpc(foreign)).empty());
    }
  }
}

TEST_CASE("field violations are told one by one") {
  FieldViolations violations;
  violations.Add("card.number", "must be digits");
  violations.Add("request_id", "must be a UUID");
  const Answer answer{ToGrpc(violations.ToStatus()), ""};
  CHECK(answer.Reason() == "REQUEST_INVALID");
  REQUIRE(answer.Violations().field_violations_size() == 2);
  CHECK(answer.Violations().field_violations(1).field() == "request_id");
  CHECK(answer.Violations().field_violations(1).description() == "must be a UUID");
}

TEST_CASE("another service's refusal keeps its reason, its metadata and the fields at fault") {
  absl::Status status =
      Refusal(absl::StatusCode::kInvalidArgument, "TAX_ID_INVALID", "no", {{"country", "FR"}});
  SetFieldViolations(status, {{"tax_id", "must have a check digit"}, {"country", "must be given"}});
  const absl::Status back = FromGrpc(ToGrpc(status, "fr"));
  CHECK(back == status);
  CHECK(FieldViolationsOf(back).size() == 2);
  CHECK(FieldViolationsOf(FromGrpc(ToGrpc(NotFound("SITE_NOT_FOUND", "no")))).empty());
}

// What `run` writes to the standard output, where logs go.
std::string WrittenBy(const std::function<void()>& run) {
  std::fflush(stdout);
  const int before = dup(STDOUT_FILENO);
  std::FILE* file = std::tmpfile();
  dup2(fileno(file), STDOUT_FILENO);
  run();
  std::fflush(stdout);
  dup2(before, STDOUT_FILENO);
  close(before);
  std::rewind(file);
  std::string text(10'000, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

TEST_CASE("a fault at an item of a batch is logged, as its caller is told; what is refused is not") {
  google::rpc::Status told;
  const std::string log =
      WrittenBy([&] { told = ToProto(absl::InternalError("a column cannot be opened")); });
  CHECK(absl::StrContains(log, "a column cannot be opened"));
  CHECK(ReasonOf(FromProto(told)) == "INTERNAL_ERROR");
  CHECK_FALSE(absl::StrContains(told.SerializeAsString(), "column"));
  CHECK(WrittenBy([&] { told = ToProto(NotFound("ACCOUNT_NOT_FOUND", "no")); }).empty());
  CHECK(ReasonOf(FromProto(told)) == "ACCOUNT_NOT_FOUND");
}

TEST_CASE("a text cut short is still UTF-8") {
  CHECK(rc::check("any offset", [] {
    std::string text(*rc::gen::inRange(200, 260), 'a');
    for (int i = 0; i < 100; ++i) text += "漢é\U0001F600";
    v1::Account carrier;  // proto3 strings must be UTF-8 to be read back
    carrier.set_name(ToGrpc(NotFound("ACCOUNT_NOT_FOUND", text)).error_message());
    RC_ASSERT(carrier.name().size() <= 260u);
    RC_ASSERT(v1::Account().ParseFromString(carrier.SerializeAsString()));
  }));
}

}  // namespace
}  // namespace perennial::rpc
