#include "libs/base/call_scope.h"

#include <algorithm>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace perennial {
namespace {

thread_local const CallScope* current_scope = nullptr;

// Trace ids need to be spread, not secret: one seeded generator a thread spares a system call a request.
uint64_t RandomBits() {
  thread_local std::mt19937_64 generator{std::random_device{}()};
  return generator();
}

bool IsWellFormed(absl::string_view traceparent) {
  if (traceparent.size() != 55 || traceparent.substr(0, 3) != "00-") return false;
  for (size_t i = 0; i < traceparent.size(); ++i) {
    const char c = traceparent[i];
    const bool dash = i == 2 || i == 35 || i == 52;
    if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  // All zeros means "none" in both ids (W3C Trace Context, 3.2.2).
  return traceparent.substr(3, 32).find_first_not_of('0') != absl::string_view::npos &&
         traceparent.substr(36, 16).find_first_not_of('0') != absl::string_view::npos;
}

}  // namespace

CallScope::CallScope(absl::Time deadline, std::string traceparent)
    : deadline_(deadline), traceparent_(std::move(traceparent)), outer_(std::exchange(current_scope, this)) {
  if (outer_ != nullptr) deadline_ = std::min(deadline_, outer_->deadline_);
}

CallScope::~CallScope() {
  current_scope = outer_;
}

const CallScope* CallScope::Current() {
  return current_scope;
}

absl::Duration CallScope::TimeLeft() const {
  return deadline_ - absl::Now();
}

std::string CallScope::TraceId() const {
  return traceparent_.size() == 55 ? traceparent_.substr(3, 32) : std::string();
}

std::string ContinueTrace(absl::string_view incoming) {
  const auto random = [] { return absl::StrCat(absl::Hex(RandomBits(), absl::kZeroPad16)); };
  if (IsWellFormed(incoming))
    return absl::StrCat("00-", incoming.substr(3, 32), "-", random(), "-", incoming.substr(53, 2));
  return absl::StrCat("00-", random(), random(), "-", random(), "-01");
}

}  // namespace perennial
