// Stripe's idempotency keys (https://docs.stripe.com/api/idempotent_requests): the first executed
// request of a key decides its answer for good.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "simulators/payment_gateway/core/answer.h"

namespace perennial::gateway_simulator::core {

// What a key stands for. `parameters` is a keyed hash: the parameters may hold a card number (R21).
struct KeyedRequest {
  std::string key;
  std::string end_point;  // method and path
  std::string parameters;
};

// Kept as text: there is one for each charge ever made.
struct SavedAnswer {
  KeyedRequest request;
  int status = 200;
  std::string body;  // JSON
};

std::string ToJsonText(const SavedAnswer& saved);
SavedAnswer SavedAnswerFromJson(const nlohmann::json& json);

class IdempotencyTable {
 public:
  struct Begun {
    std::optional<Answer> answer;  // nothing: execute it, then call Finish
    bool replayed = false;         // the answer is the saved one; else it refuses the request
  };

  // Claims the key, or says what to answer without executing anything.
  Begun Begin(const KeyedRequest& request);

  // Remembers the answer. The key stays claimed until Release: until the answer is on its way.
  void Save(SavedAnswer saved);
  void Release(const std::string& key);

 private:
  std::unordered_map<std::string, SavedAnswer> saved_;
  std::unordered_set<std::string> in_flight_;
};

}  // namespace perennial::gateway_simulator::core
