#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace perennial {

// What follows a piece of work through a thread: until when it is wanted and which trace it belongs to.
// libs/rpc opens one around each call, libs/work around each job; libs/pg takes statement time-outs from it
// and clients of other services pass it on.
class CallScope {
 public:
  // `deadline` by the machine's clock (it bounds waiting, and is not business time). `traceparent` is W3C's.
  CallScope(absl::Time deadline, std::string traceparent);
  ~CallScope();
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;

  // The innermost scope of this thread, or null.
  static const CallScope* Current();

  absl::Time deadline() const { return deadline_; }
  // What is left until the deadline; negative once it has passed.
  absl::Duration TimeLeft() const;
  const std::string& traceparent() const { return traceparent_; }
  // The 32 hex digits in the middle of the traceparent; empty if there is none.
  std::string TraceId() const;

 private:
  absl::Time deadline_;
  std::string traceparent_;
  const CallScope* outer_;
};

// The incoming traceparent if it is well formed, with a new parent id; else a new one.
std::string ContinueTrace(absl::string_view incoming);

}  // namespace perennial
