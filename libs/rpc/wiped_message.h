#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <vector>

namespace perennial::rpc {

// A message whose secrets do not outlive it (R21).
class WipedMessage {
 public:
  // `secrets`: paths of string fields, "card.number". They must outlive the message.
  WipedMessage(std::unique_ptr<google::protobuf::Message> message, const std::vector<std::string>& secrets);
  ~WipedMessage();
  WipedMessage(const WipedMessage&) = delete;
  WipedMessage& operator=(const WipedMessage&) = delete;

  // Overwrites the secrets and empties their fields.
  void WipeNow();
  google::protobuf::Message& operator*() { return *message_; }

 private:
  const std::unique_ptr<google::protobuf::Message> message_;
  const std::vector<std::string>& secrets_;
};

}  // namespace perennial::rpc
