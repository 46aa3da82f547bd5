#include "libs/rpc/wiped_message.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace perennial::rpc {
namespace {

using google::protobuf::Message;

void Wipe(Message& message, absl::string_view path) {
  const std::pair<std::string, std::string> step = absl::StrSplit(path, absl::MaxSplits('.', 1));
  const auto* field = message.GetDescriptor()->FindFieldByName(step.first);
  const auto* reflection = message.GetReflection();
  if (!step.second.empty()) {
    if (reflection->HasField(message, field)) Wipe(*reflection->MutableMessage(&message, field), step.second);
    return;
  }
  std::string unused;
  const std::string& text = reflection->GetStringReference(message, field, &unused);
  explicit_bzero(const_cast<char*>(text.data()), text.size());
  reflection->ClearField(&message, field);
}

}  // namespace

WipedMessage::WipedMessage(std::unique_ptr<Message> message, const std::vector<std::string>& secrets)
    : message_(std::move(message)), secrets_(secrets) {}

WipedMessage::~WipedMessage() {
  WipeNow();
}

void WipedMessage::WipeNow() {
  for (const std::string& path : secrets_) Wipe(*message_, path);
}

}  // namespace perennial::rpc
