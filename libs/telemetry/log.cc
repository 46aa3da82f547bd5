#include "libs/telemetry/log.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "absl/strings/str_cat.h"
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

// Writes lines whole and in order. A write for each would cost a busy service a tenth of its time, so lines
// that only inform wait, at most kMaxWait, and go out together.
class Writer {
 public:
  // Never destroyed: threads may log until the very end. What still waits is written at exit.
  static Writer& The() {
    static Writer* const writer = new Writer;
    return *writer;
  }

  void Write(const std::string& line, bool at_once) {
    std::unique_lock lock(mutex_);
    const bool was_empty = waiting_.empty();
    waiting_ += line;
    if (at_once || waiting_.size() >= kMaxWaiting) {
      WriteOut();
    } else if (was_empty) {
      first_.notify_one();
    }
  }

 private:
  static constexpr std::chrono::milliseconds kMaxWait{50};
  static constexpr size_t kMaxWaiting = 64 * 1024;

  Writer() {
    std::thread([this] { Loop(); }).detach();
    std::atexit([] { The().Flush(); });
  }

  void Loop() {
    std::unique_lock lock(mutex_);
    while (true) {
      first_.wait(lock, [this] { return !waiting_.empty(); });
      first_.wait_for(lock, kMaxWait, [this] { return waiting_.empty(); });
      WriteOut();
    }
  }

  void Flush() {
    const std::lock_guard lock(mutex_);
    WriteOut();
  }

  // With the mutex held, so that a reader who is slow slows those who log, and no line overtakes another.
  void WriteOut() {
    std::fwrite(waiting_.data(), 1, waiting_.size(), stdout);
    std::fflush(stdout);
    waiting_.clear();
  }

  std::mutex mutex_;
  std::condition_variable first_;
  std::string waiting_;
};

bool IsPlain(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
}

// A line is written for each call, so what is almost always plain does not pass through a JSON document.
void AppendValue(const std::string& text, std::string& line) {
  if (IsPlain(text)) {
    absl::StrAppend(&line, "\"", text, "\"");
  } else {
    line += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
}

template <typename T>
void AppendValue(T number, std::string& line) {
  line += nlohmann::json(number).dump();
}

template <typename T>
void AppendField(absl::string_view name, const T& value, std::string& line) {
  absl::StrAppend(&line, ",\"", name, "\":");
  AppendValue(value, line);
}

}  // namespace

void SetLogService(absl::string_view service) {
  ServiceName() = std::string(service);
}

std::string LogLine(absl::Time time, Severity severity, absl::string_view event,
                    std::initializer_list<LogField> fields) {
  std::string line =
      absl::StrCat(R"({"time":")", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone()),
                   R"(","severity":")", SeverityName(severity), "\"");
  AppendField("service", ServiceName(), line);
  AppendField("event", std::string(event), line);
  if (const CallScope* scope = CallScope::Current()) AppendField("trace_id", scope->TraceId(), line);
  for (const LogField& field : fields) {
    std::visit([&](const auto& value) { AppendField(field.name, value, line); }, field.value);
  }
  line += "}\n";
  return line;
}

void Log(Severity severity, absl::string_view event, std::initializer_list<LogField> fields) {
  Writer::The().Write(LogLine(absl::Now(), severity, event, fields), severity != Severity::kInfo);
}

}  // namespace perennial::telemetry
