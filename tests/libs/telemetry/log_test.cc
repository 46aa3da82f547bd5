#include "libs/telemetry/log.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "libs/base/call_scope.h"

namespace perennial::telemetry {
namespace {

using nlohmann::json;

TEST_CASE("a log line is one line of JSON that keeps every field's type") {
  const std::string line =
      LogLine(absl::FromUnixMillis(1'795'430'096'007), Severity::kWarning, "call",
              {{"method", "a.B/C"}, {"attempts", int64_t{3}}, {"ms", 1.5}, {"late", true}});
  CHECK(line.find('\n') == line.size() - 1);
  const json entry = json::parse(line);
  CHECK(entry["time"] == "2026-11-23T10:34:56.007Z");
  CHECK(entry["severity"] == "WARNING");
  CHECK(entry["event"] == "call");
  CHECK(entry["method"] == "a.B/C");
  CHECK(entry["attempts"] == 3);
  CHECK(entry["ms"] == 1.5);
  CHECK(entry["late"] == true);
  CHECK_FALSE(entry.contains("trace_id"));
}

TEST_CASE("nothing in a field can end the line, forge another field or break the encoding") {
  for (const std::string& hostile :
       {std::string("x\",\"severity\":\"INFO"), std::string("two\nlines"), std::string("back\\slash"),
        std::string("nul\0byte", 8), std::string("\x1b[31m"), std::string("café")}) {
    const std::string line = LogLine(absl::UnixEpoch(), Severity::kError, "call", {{"error", hostile}});
    CHECK(line.find('\n') == line.size() - 1);
    const json entry = json::parse(line);
    CHECK(entry["error"] == hostile);
    CHECK(entry["severity"] == "ERROR");
  }
  const json broken = json::parse(LogLine(absl::UnixEpoch(), Severity::kInfo, "call", {{"error", "a\xff"}}));
  CHECK(broken["error"] == "a\xef\xbf\xbd");
}

TEST_CASE("a line names the trace of the work it belongs to") {
  const CallScope scope(absl::InfiniteFuture(),
                        ContinueTrace("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
  const json entry = json::parse(LogLine(absl::UnixEpoch(), Severity::kInfo, "call", {}));
  CHECK(entry["trace_id"] == "0af7651916cd43dd8448eb211c80319c");
}

}  // namespace
}  // namespace perennial::telemetry
