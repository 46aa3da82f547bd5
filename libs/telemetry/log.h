#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/string_view.h"

namespace perennial::telemetry {

enum class Severity { kInfo, kWarning, kError };

struct LogField {
  absl::string_view name;
  std::variant<std::string, int64_t, double, bool> value;
};

// Writes one line of JSON to stdout: time, severity, service, event, trace_id (from the CallScope), and the
// fields. `event` is a fixed phrase that can be searched for. Card data, passwords and tokens are never
// logged (R21), so request and response bodies are not either.
void Log(Severity severity, absl::string_view event, std::initializer_list<LogField> fields = {});

// Said once by main: goes into each line.
void SetLogService(absl::string_view service);

}  // namespace perennial::telemetry
