#include "libs/base/error.h"

#include <rapidcheck.h>
#include <catch2/catch.hpp>

namespace perennial {
namespace {

TEST_CASE("a refusal carries its code, reason, message and metadata") {
  const absl::Status status = Refusal(absl::StatusCode::kFailedPrecondition, "QUOTE_EXPIRED",
                                      "the quote is over", {{"quote", "q1"}, {"expire_time", "10:00"}});
  CHECK(status.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(status.message() == "the quote is over");
  CHECK(ReasonOf(status) == "QUOTE_EXPIRED");
  CHECK(MetadataOf(status) ==
        std::vector<std::pair<std::string, std::string>>{{"quote", "q1"}, {"expire_time", "10:00"}});
  CHECK(FieldViolationsOf(status).empty());
}

TEST_CASE("shorthands have the codes they are named after") {
  CHECK(NotFound("A", "").code() == absl::StatusCode::kNotFound);
  CHECK(Precondition("A", "").code() == absl::StatusCode::kFailedPrecondition);
  CHECK(Unavailable("A", "").code() == absl::StatusCode::kUnavailable);
  CHECK(InvalidField("a", "").code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("a status that is no refusal has no reason") {
  CHECK(ReasonOf(absl::OkStatus()).empty());
  CHECK(ReasonOf(absl::InternalError("x")).empty());
  CHECK(MetadataOf(absl::InternalError("x")).empty());
}

TEST_CASE("all field violations are told at once") {
  FieldViolations violations;
  CHECK(violations.ToStatus().ok());
  violations.Require(true, "fine", "is fine");
  CHECK(violations.ToStatus().ok());
  violations.Require(false, "card.number", "must be digits");
  violations.Add("request_id", "must be a UUID");
  const absl::Status status = violations.ToStatus();
  CHECK(ReasonOf(status) == "REQUEST_INVALID");
  CHECK(status.message() ==
        "the request is not valid: card.number: must be digits; request_id: must be a UUID");
  const auto read = FieldViolationsOf(status);
  REQUIRE(read.size() == 2);
  CHECK(read[0].field == "card.number");
  CHECK(read[1].description == "must be a UUID");
}

TEST_CASE("an argument's refusal gets the field at fault, unless it names one; nothing else does") {
  const auto fields = [](const absl::Status& status) {
    std::vector<std::string> names;
    for (const FieldViolation& violation : FieldViolationsOf(status)) names.push_back(violation.field);
    return names;
  };
  using Names = std::vector<std::string>;
  const absl::Status refused = Refusal(absl::StatusCode::kInvalidArgument, "TAX_ID_INVALID", "no such id");
  CHECK(fields(AtField(refused, "tax_id")) == Names{"tax_id"});
  CHECK(FieldViolationsOf(AtField(refused, "tax_id"))[0].description == "no such id");
  CHECK(ReasonOf(AtField(refused, "tax_id")) == "TAX_ID_INVALID");
  CHECK(fields(AtField(InvalidField("name", "is empty"), "tax_id")) == Names{"name"});
  CHECK(fields(AtField(NotFound("QUOTE_NOT_FOUND", "no such quote"), "quote")).empty());
  CHECK(AtField(absl::OkStatus(), "quote").ok());
}

TEST_CASE("text of a caller cannot add fields or metadata of its own") {
  CHECK(rc::check("any bytes", [] {
    const auto texts = *rc::gen::container<std::vector<std::string>>(
        rc::gen::container<std::string>(rc::gen::element('a', '\x1e', '\x1f', '\0', '\n', '\xff', ':', '"')));
    FieldViolations violations;
    std::vector<std::pair<std::string, std::string>> metadata;
    for (const std::string& text : texts) {
      violations.Add("field" + text, text);
      metadata.emplace_back("key" + text, text);
    }
    const auto read = FieldViolationsOf(violations.ToStatus());
    const auto read_metadata = MetadataOf(Refusal(absl::StatusCode::kAborted, "R", "m", metadata));
    RC_ASSERT(read.size() == texts.size());
    RC_ASSERT(read_metadata.size() == texts.size());
    for (size_t i = 0; i < texts.size(); ++i) {
      RC_ASSERT(read[i].field.size() == texts[i].size() + 5);
      RC_ASSERT(read[i].description.size() == texts[i].size());
      RC_ASSERT(read_metadata[i].second.size() == texts[i].size());
    }
  }));
}

}  // namespace
}  // namespace perennial
