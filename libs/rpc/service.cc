#include "libs/rpc/service.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace perennial::rpc {

Access Public() {
  return {Access::Kind::kPublic, {}};
}
Access Customers() {
  return {Access::Kind::kCustomers, {}};
}
Access Services(std::vector<std::string> names) {
  return {Access::Kind::kServices, std::move(names)};
}
Access Operators() {
  return {Access::Kind::kOperators, {}};
}

namespace {

// Whether `path` ("card.number") is a text field.
bool IsText(const google::protobuf::Descriptor* message, const std::string& path) {
  using google::protobuf::FieldDescriptor;
  const FieldDescriptor* field = nullptr;
  for (const absl::string_view name : absl::StrSplit(path, '.')) {
    if (field != nullptr) message = field->message_type();
    field = message == nullptr ? nullptr : message->FindFieldByName(std::string(name));
    if (field == nullptr || field->is_repeated()) return false;
  }
  return field->type() == FieldDescriptor::TYPE_STRING;
}

// Whether all text fields of `message` that are called a password are among `secrets`.
bool NamesPasswords(const google::protobuf::Descriptor& message, const std::string& prefix,
                    const std::vector<std::string>& secrets) {
  using google::protobuf::FieldDescriptor;
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    const std::string path = prefix + field.name();
    const bool is_password = field.type() == FieldDescriptor::TYPE_STRING && absl::EndsWith(path, "password");
    if (is_password && std::find(secrets.begin(), secrets.end(), path) == secrets.end()) return false;
    const bool is_ours = field.type() == FieldDescriptor::TYPE_MESSAGE && !field.is_repeated() &&
                         absl::StartsWith(field.message_type()->full_name(), "perennial.");
    if (is_ours && !NamesPasswords(*field.message_type(), path + ".", secrets)) return false;
  }
  return true;
}

}  // namespace

bool Service::TakesTheMessagesOf(const google::protobuf::MethodDescriptor& declared) const {
  for (const auto& method : methods_) {
    if (method->name != declared.name()) continue;
    const auto* request_id = declared.input_type()->FindFieldByName("request_id");
    const bool repeatable =
        request_id != nullptr && request_id->type() == google::protobuf::FieldDescriptor::TYPE_STRING;
    return method->request_prototype->GetDescriptor() == declared.input_type() &&
           method->response_prototype->GetDescriptor() == declared.output_type() &&
           (!method->is_mutation ||
            (repeatable && NamesPasswords(*declared.input_type(), "", method->secrets))) &&
           std::all_of(method->secrets.begin(), method->secrets.end(),
                       [&](const std::string& path) { return IsText(declared.input_type(), path); });
  }
  return false;
}

void Service::CheckComplete() const {
  const auto* descriptor = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(full_name_);
  std::set<std::string> handled;
  for (const auto& method : methods_) handled.insert(method->name);
  bool complete = descriptor != nullptr && handled.size() == methods_.size();
  for (int i = 0; descriptor != nullptr && i < descriptor->method_count(); ++i) {
    const auto* method = descriptor->method(i);
    const bool has_handler = handled.erase(method->name()) == 1 && TakesTheMessagesOf(*method);
    if (!has_handler)
      std::fprintf(stderr, "%s has no handler of its messages\n", method->full_name().c_str());
    complete = complete && has_handler;
  }
  for (const std::string& unknown : handled) {
    std::fprintf(stderr, "%s has no method %s\n", full_name_.c_str(), unknown.c_str());
  }
  if (!complete || !handled.empty()) std::abort();
}

}  // namespace perennial::rpc
