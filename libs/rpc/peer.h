#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/status_macros.h"
#include "libs/rpc/tls.h"

namespace perennial::rpc {

// Another service, as a client sees it. Thread-safe. Passes on the deadline and the trace of the current
// CallScope, and names this service by its certificate. UNAVAILABLE is tried again: every mutating method can
// be repeated (R35).
class Peer {
 public:
  // `target`: "127.0.0.1:7103", or "dns:///billing:7103" where a name has several addresses.
  Peer(const std::string& target, const Tls& tls);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // `method`: "perennial.billing.v1.InvoicingService/IssueInvoice". Refusals keep their reason. No answer in
  // time is DEADLINE_EXCEEDED: the other side may or may not have done it, so ask again with the same
  // request_id.
  template <typename Response>
  absl::StatusOr<Response> Call(const std::string& method, const google::protobuf::Message& request,
                                absl::Duration timeout = absl::Seconds(15)) {
    Response response;
    RETURN_IF_ERROR(CallRaw(method, request, response, timeout));
    return response;
  }

 private:
  absl::Status CallRaw(const std::string& method, const google::protobuf::Message& request,
                       google::protobuf::Message& response, absl::Duration timeout);

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace perennial::rpc
