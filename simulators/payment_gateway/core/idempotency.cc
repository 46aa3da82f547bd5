#include "simulators/payment_gateway/core/idempotency.h"

#include <utility>

namespace perennial::gateway_simulator::core {

std::string ToJsonText(const SavedAnswer& saved) {
  const nlohmann::json head = {{"key", saved.request.key},
                               {"end_point", saved.request.end_point},
                               {"parameters", saved.request.parameters},
                               {"status", saved.status}};
  std::string text = Dump(head);
  text.back() = ',';
  return text + "\"body\":" + saved.body + "}";
}

SavedAnswer SavedAnswerFromJson(const nlohmann::json& json) {
  return {.request = {.key = json.at("key").get<std::string>(),
                      .end_point = json.at("end_point").get<std::string>(),
                      .parameters = json.at("parameters").get<std::string>()},
          .status = json.at("status").get<int>(),
          .body = Dump(json.at("body"))};
}

IdempotencyTable::Begun IdempotencyTable::Begin(const KeyedRequest& request) {
  if (request.key.size() > 255) {
    return {IdempotencyConflict(400, "Idempotency keys can have up to 255 characters."), false};
  }
  if (in_flight_.contains(request.key)) {
    return {
        IdempotencyConflict(409, "There is currently another in-progress request using this Idempotency-Key.",
                            "idempotency_key_in_use"),
        false};
  }
  const auto found = saved_.find(request.key);
  if (found == saved_.end()) {
    in_flight_.insert(request.key);
    return {};
  }
  const KeyedRequest& first = found->second.request;
  if (first.end_point != request.end_point) {
    return {
        IdempotencyConflict(400,
                            "Keys for idempotent requests can only be used for the same endpoint they were "
                            "first used for."),
        false};
  }
  if (first.parameters != request.parameters) {
    return {IdempotencyConflict(400,
                                "Keys for idempotent requests can only be used with the same parameters they "
                                "were first used with."),
            false};
  }
  return {Answer{found->second.status, nlohmann::json::parse(found->second.body)}, true};
}

void IdempotencyTable::Save(SavedAnswer saved) {
  const std::string key = saved.request.key;
  saved_.insert_or_assign(key, std::move(saved));
}

void IdempotencyTable::Release(const std::string& key) {
  in_flight_.erase(key);
}

}  // namespace perennial::gateway_simulator::core
