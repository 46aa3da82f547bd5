#include "libs/rpc/request.h"

#include <grpcpp/support/proto_buffer_reader.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/base/error.h"

namespace perennial::rpc {
namespace {

using google::protobuf::Message;

constexpr size_t kMaxRequestBytes = 1 << 20;

bool HasZeroByte(const grpc::ByteBuffer& bytes) {
  std::vector<grpc::Slice> slices;
  bytes.Dump(&slices);
  return std::any_of(slices.begin(), slices.end(), [](const grpc::Slice& slice) {
    return std::memchr(slice.begin(), 0, slice.size()) != nullptr;
  });
}

void FindNul(const Message& message, const std::string& prefix, FieldViolations& violations) {
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  const auto* reflection = message.GetReflection();
  reflection->ListFields(message, &fields);
  for (const auto* field : fields) {
    const std::string path = absl::StrCat(prefix, field->name());
    const int count = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const std::string place = field->is_repeated() ? absl::StrCat(path, "[", i, "]") : path;
      if (field->type() == google::protobuf::FieldDescriptor::TYPE_STRING) {
        std::string scratch;
        const std::string& text = field->is_repeated()
                                      ? reflection->GetRepeatedStringReference(message, field, i, &scratch)
                                      : reflection->GetStringReference(message, field, &scratch);
        violations.Require(text.find('\0') == std::string::npos, place, "cannot hold NUL characters");
      } else if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) {
        FindNul(field->is_repeated() ? reflection->GetRepeatedMessage(message, field, i)
                                     : reflection->GetMessage(message, field),
                absl::StrCat(place, "."), violations);
      }
    }
  }
}

}  // namespace

absl::Status ParseRequest(const grpc::ByteBuffer& bytes, Message& message) {
  if (bytes.Length() > kMaxRequestBytes) {
    return Refusal(absl::StatusCode::kResourceExhausted, "REQUEST_TOO_LARGE", "a request has at most 1 MiB");
  }
  grpc::ByteBuffer copy(bytes);  // the reader consumes; slices are shared, not copied
  grpc::ProtoBufferReader reader(&copy);
  if (!message.ParseFromZeroCopyStream(&reader)) {
    return Refusal(absl::StatusCode::kInvalidArgument, "REQUEST_MALFORMED",
                   "the request cannot be read as the method's message; strings must be valid UTF-8");
  }
  // Postgres's text holds every character but NUL, which nobody types: refused here, with the field's path,
  // it needs no thought further in.
  FieldViolations violations;
  if (HasZeroByte(bytes)) FindNul(message, "", violations);
  return violations.ToStatus();
}

}  // namespace perennial::rpc
