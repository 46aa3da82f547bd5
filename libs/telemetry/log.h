#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace perennial::telemetry {

enum class Severity { kInfo, kWarning, kError };

struct LogField {
  absl::string_view name;
  std::variant<std::string, int64_t, double, bool> value;
};

// Writes one line of JSON to stdout: time, severity, service, event, trace_id (from the CallScope), and the
// fields. `event` is a fixed phrase that can be searched for. Card data, passwords and tokens are never
// logged (R21), so request and response bodies are not either. Lines that only inform may be written up to 50
// ms later, together; a warning or an error is written at once, with all before it.
void Log(Severity severity, absl::string_view event, std::initializer_list<LogField> fields = {});

// The line that Log writes, its line feed included.
std::string LogLine(absl::Time time, Severity severity, absl::string_view event,
                    std::initializer_list<LogField> fields);

// Said once by main: goes into each line.
void SetLogService(absl::string_view service);

}  // namespace perennial::telemetry
