#include "libs/base/error.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace perennial {
namespace {

// Payload keys. A payload is a list of records; fields and records are separated by ASCII unit and
// record separators. Where a caller's text has these, they become spaces.
constexpr char kReasonKey[] = "perennial/reason";
constexpr char kMetadataKey[] = "perennial/metadata";
constexpr char kFieldsKey[] = "perennial/fields";
constexpr char kUnit = '\x1f';
constexpr char kRecord = '\x1e';

std::string Payload(const absl::Status& status, const char* key) {
  const auto payload = status.GetPayload(key);
  return payload ? std::string(*payload) : std::string();
}

std::vector<std::pair<std::string, std::string>> Records(const absl::Status& status, const char* key) {
  std::vector<std::pair<std::string, std::string>> records;
  const std::string payload = Payload(status, key);
  for (absl::string_view record : absl::StrSplit(payload, kRecord, absl::SkipEmpty())) {
    records.push_back(absl::StrSplit(record, absl::MaxSplits(kUnit, 1)));
  }
  return records;
}

std::string WithoutSeparators(absl::string_view text) {
  std::string clean(text);
  for (char& c : clean) {
    if (c == kUnit || c == kRecord) c = ' ';
  }
  return clean;
}

void AppendRecord(std::string& payload, absl::string_view key, absl::string_view value) {
  absl::StrAppend(&payload, WithoutSeparators(key), std::string(1, kUnit), WithoutSeparators(value),
                  std::string(1, kRecord));
}

}  // namespace

absl::Status Refusal(absl::StatusCode code, absl::string_view reason, absl::string_view message,
                     const std::vector<std::pair<std::string, std::string>>& metadata) {
  absl::Status status(code, message);
  status.SetPayload(kReasonKey, absl::Cord(reason));
  if (!metadata.empty()) {
    std::string payload;
    for (const auto& [key, value] : metadata) AppendRecord(payload, key, value);
    status.SetPayload(kMetadataKey, absl::Cord(payload));
  }
  return status;
}

absl::Status NotFound(absl::string_view reason, absl::string_view message) {
  return Refusal(absl::StatusCode::kNotFound, reason, message);
}

absl::Status Precondition(absl::string_view reason, absl::string_view message) {
  return Refusal(absl::StatusCode::kFailedPrecondition, reason, message);
}

absl::Status Unavailable(absl::string_view reason, absl::string_view message) {
  return Refusal(absl::StatusCode::kUnavailable, reason, message);
}

void SetFieldViolations(absl::Status& refusal, const std::vector<FieldViolation>& violations) {
  std::string payload;
  for (const FieldViolation& violation : violations)
    AppendRecord(payload, violation.field, violation.description);
  if (!payload.empty()) refusal.SetPayload(kFieldsKey, absl::Cord(payload));
}

absl::Status InvalidField(absl::string_view field, absl::string_view description) {
  FieldViolations violations;
  violations.Add(field, description);
  return violations.ToStatus();
}

absl::Status AtField(absl::Status status, absl::string_view field) {
  if (status.code() == absl::StatusCode::kInvalidArgument && FieldViolationsOf(status).empty())
    SetFieldViolations(status, {{std::string(field), std::string(status.message())}});
  return status;
}

void FieldViolations::Add(absl::string_view field, absl::string_view description) {
  violations_.push_back({std::string(field), std::string(description)});
}

void FieldViolations::Require(bool ok, absl::string_view field, absl::string_view description) {
  if (!ok) Add(field, description);
}

absl::Status FieldViolations::ToStatus() const {
  if (violations_.empty()) return absl::OkStatus();
  std::string message = "the request is not valid:";
  for (const FieldViolation& violation : violations_)
    absl::StrAppend(&message, " ", violation.field, ": ", violation.description, ";");
  message.pop_back();
  absl::Status status = Refusal(absl::StatusCode::kInvalidArgument, "REQUEST_INVALID", message);
  SetFieldViolations(status, violations_);
  return status;
}

std::string ReasonOf(const absl::Status& status) {
  return Payload(status, kReasonKey);
}

std::vector<FieldViolation> FieldViolationsOf(const absl::Status& status) {
  std::vector<FieldViolation> violations;
  for (auto& [field, description] : Records(status, kFieldsKey)) violations.push_back({field, description});
  return violations;
}

std::vector<std::pair<std::string, std::string>> MetadataOf(const absl::Status& status) {
  return Records(status, kMetadataKey);
}

}  // namespace perennial
