// What the simulator says: a status and a JSON body, in the shapes of Stripe's API.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace perennial::gateway_simulator::core {

// As text, whatever bytes a request's text had: it need not be UTF-8.
std::string Dump(const nlohmann::json& json);

struct Answer {
  int status = 200;
  nlohmann::json body;

  bool operator==(const Answer&) const = default;
};

// A value, or the answer that refuses the request. (C++20 has no std::expected.)
template <typename T>
class Expected {
 public:
  Expected(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Expected(Answer refusal) : state_(std::in_place_index<1>, std::move(refusal)) {}

  bool ok() const { return state_.index() == 0; }
  const T& value() const { return std::get<0>(state_); }
  const Answer& refusal() const { return std::get<1>(state_); }

 private:
  std::variant<T, Answer> state_;
};

// The fields of a card error (HTTP 402); empty ones are left out.
struct CardErrorFields {
  std::string code;
  std::string decline_code;
  std::string message;
  std::string param;
  std::string charge;
  nlohmann::json payment_intent;
  nlohmann::json payment_method;
};
Answer CardError(CardErrorFields fields);

// HTTP 400, type invalid_request_error.
Answer InvalidRequest(std::string_view message, std::string_view param = "", std::string_view code = "");

// `resource_missing`: 404 for the resource that the path names, 400 for one that a parameter names.
Answer NoSuch(std::string_view resource, std::string_view id);
Answer NoSuchParameter(std::string_view resource, std::string_view id, std::string_view param);

// HTTP 400 or 409, type idempotency_error.
Answer IdempotencyConflict(int status, std::string_view message, std::string_view code = "");

// HTTP 500, type api_error.
Answer ServerError();

// HTTP 429, code lock_timeout.
Answer LockTimeout();

// HTTP 401.
Answer Unauthorized();

}  // namespace perennial::gateway_simulator::core
