#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>

#include "absl/status/status.h"

namespace perennial::rpc {

// Reads the bytes of a request. REQUEST_TOO_LARGE over 1 MiB; REQUEST_MALFORMED if they are not `message`;
// REQUEST_INVALID, with the fields, if a text holds a NUL: the one character that Postgres's text cannot.
absl::Status ParseRequest(const grpc::ByteBuffer& bytes, google::protobuf::Message& message);

}  // namespace perennial::rpc
