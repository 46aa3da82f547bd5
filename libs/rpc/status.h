#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/rpc/status.pb.h"

namespace perennial::rpc {

// The only mapping between our refusals and gRPC's status (AIP-193): one google.rpc.ErrorInfo with domain
// "perennial", BadRequest where fields are at fault, RetryInfo where waiting helps, LocalizedMessage where a
// person will read it. A status without a reason is a fault of ours: the caller learns INTERNAL /
// INTERNAL_ERROR and nothing else.
// `language`: that person's, "en" or "fr"; empty if none will.
grpc::Status ToGrpc(const absl::Status& status, absl::string_view language = "");

// The same as a message, and back: for the answers of a batch, of which some may be refusals (AIP-233). A
// fault of ours is logged.
google::rpc::Status ToProto(const absl::Status& status);
absl::Status FromProto(const google::rpc::Status& status);

// What of a status is told: itself if it has a reason, else the refusal that stands for a fault of ours.
absl::Status Told(const absl::Status& status);

// What another service answered, as a refusal of ours with the same reason.
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace perennial::rpc
