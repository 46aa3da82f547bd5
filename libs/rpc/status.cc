#include "libs/rpc/status.h"

#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "libs/base/error.h"
#include "libs/rpc/error_texts.h"
#include "libs/telemetry/log.h"

namespace perennial::rpc {
namespace {

constexpr char kDomain[] = "perennial";

// An error travels in trailers, of which clients take 8 KiB; with more, all they would learn is that.
constexpr size_t kMaxTextBytes = 256;
constexpr size_t kMaxPathBytes = 80;
constexpr int kMaxViolations = 10;

std::string Shorten(absl::string_view text, size_t most = kMaxTextBytes) {
  if (text.size() <= most) return std::string(text);
  size_t end = most;
  while (end > 0 && (text[end] & 0xC0) == 0x80) --end;  // not in the middle of a UTF-8 character
  return absl::StrCat(text.substr(0, end), "…");
}

void AddErrorInfo(const absl::Status& status, const std::string& reason, google::rpc::Status& out) {
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain(kDomain);
  for (const auto& [key, value] : MetadataOf(status)) (*info.mutable_metadata())[key] = Shorten(value);
  out.add_details()->PackFrom(info);
}

void AddBadRequest(const absl::Status& status, google::rpc::Status& out) {
  google::rpc::BadRequest bad_request;
  for (const FieldViolation& violation : FieldViolationsOf(status)) {
    if (bad_request.field_violations_size() == kMaxViolations) break;
    auto* field = bad_request.add_field_violations();
    field->set_field(Shorten(violation.field, kMaxPathBytes));
    field->set_description(Shorten(violation.description));
  }
  if (bad_request.field_violations_size() > 0) out.add_details()->PackFrom(bad_request);
}

void AddRetryInfo(const absl::Status& status, const std::string& reason, google::rpc::Status& out) {
  google::rpc::RetryInfo retry;
  if (reason == "OVERLOADED") retry.mutable_retry_delay()->set_nanos(200'000'000);
  for (const auto& [key, value] : MetadataOf(status)) {
    int64_t seconds = 0;
    if (key == kRetryDelaySeconds && absl::SimpleAtoi(value, &seconds))
      retry.mutable_retry_delay()->set_seconds(seconds);
  }
  if (retry.has_retry_delay()) out.add_details()->PackFrom(retry);
}

void AddLocalizedMessage(const std::string& reason, absl::string_view language, google::rpc::Status& out) {
  const absl::string_view text = language.empty() ? "" : ErrorTextOf(reason, language);
  if (text.empty()) return;
  google::rpc::LocalizedMessage message;
  message.set_locale(std::string(language));
  message.set_message(std::string(text));
  out.add_details()->PackFrom(message);
}

// What a caller may learn of a fault of ours.
absl::Status Hide(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kCancelled:
      return Refusal(absl::StatusCode::kCancelled, "CANCELLED_BY_CALLER", "the caller went away");
    case absl::StatusCode::kDeadlineExceeded:
      return Refusal(absl::StatusCode::kDeadlineExceeded, "DEADLINE_PASSED",
                     "the call's deadline passed before it was done");
    case absl::StatusCode::kUnavailable:
      return Unavailable("SERVICE_UNAVAILABLE", "a part of the system cannot be reached; try again");
    default:
      return Refusal(absl::StatusCode::kInternal, "INTERNAL_ERROR", "a fault of ours; it has been logged");
  }
}

}  // namespace

absl::Status Told(const absl::Status& status) {
  return status.ok() || !ReasonOf(status).empty() ? status : Hide(status);
}

google::rpc::Status WithDetails(const absl::Status& fault, absl::string_view language) {
  const absl::Status status = Told(fault);
  google::rpc::Status out;
  out.set_code(static_cast<int>(status.code()));
  if (status.ok()) return out;
  const std::string reason = ReasonOf(status);
  out.set_message(Shorten(status.message()));
  AddErrorInfo(status, reason, out);
  AddBadRequest(status, out);
  AddRetryInfo(status, reason, out);
  AddLocalizedMessage(reason, language, out);
  return out;
}

google::rpc::Status ToProto(const absl::Status& status) {
  // The caller is told that it has been logged, and no log of the call knows of it.
  if (Told(status).code() == absl::StatusCode::kInternal)
    telemetry::Log(telemetry::Severity::kError, "fault in a batch", {{"error", status.ToString()}});
  return WithDetails(status, "");
}

absl::Status FromProto(const google::rpc::Status& status) {
  const auto code = static_cast<absl::StatusCode>(status.code());
  if (code == absl::StatusCode::kOk) return absl::OkStatus();
  std::optional<absl::Status> refusal;
  std::vector<FieldViolation> violations;
  for (const auto& detail : status.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::BadRequest bad_request;
    if (detail.UnpackTo(&info)) {
      refusal =
          Refusal(code, info.reason(), status.message(), {info.metadata().begin(), info.metadata().end()});
    } else if (detail.UnpackTo(&bad_request)) {
      for (const auto& field : bad_request.field_violations())
        violations.push_back({field.field(), field.description()});
    }
  }
  // Without a reason it is from the transport, not from a method.
  if (!refusal) return Hide(absl::Status(code, status.message()));
  SetFieldViolations(*refusal, violations);
  return *refusal;
}

grpc::Status ToGrpc(const absl::Status& status, absl::string_view language) {
  if (status.ok()) return grpc::Status::OK;
  const google::rpc::Status details = WithDetails(status, language);
  return grpc::Status(static_cast<grpc::StatusCode>(details.code()), details.message(),
                      details.SerializeAsString());
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  google::rpc::Status details;
  details.ParseFromString(status.error_details());  // from the transport there are none
  details.set_code(status.error_code());
  details.set_message(status.error_message());
  return FromProto(details);
}

}  // namespace perennial::rpc
