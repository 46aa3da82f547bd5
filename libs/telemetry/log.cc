#include "libs/telemetry/log.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "libs/base/call_scope.h"

namespace perennial::telemetry {
namespace {

std::string& ServiceName() {
  static std::string name;
  return name;
}

absl::string_view SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "INFO";
    case Severity::kWarning:
      return "WARNING";
    case Severity::kError:
      return "ERROR";
  }
  return "ERROR";
}

}  // namespace

void SetLogService(absl::string_view service) {
  ServiceName() = std::string(service);
}

void Log(Severity severity, absl::string_view event, std::initializer_list<LogField> fields) {
  nlohmann::ordered_json line;
  line["time"] = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone());
  line["severity"] = SeverityName(severity);
  line["service"] = ServiceName();
  line["event"] = event;
  if (const CallScope* scope = CallScope::Current()) line["trace_id"] = scope->TraceId();
  for (const LogField& field : fields) {
    std::visit([&](const auto& value) { line[std::string(field.name)] = value; }, field.value);
  }
  std::string text = line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  text.push_back('\n');
  // One write, so that lines of different threads do not mix.
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace perennial::telemetry
