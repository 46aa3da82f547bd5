#include "simulators/payment_gateway/core/answer.h"

namespace perennial::gateway_simulator::core {
namespace {

using nlohmann::json;

Answer Error(int status, std::string_view type, std::string_view message, std::string_view param,
             std::string_view code) {
  json error = {{"type", type}, {"message", message}};
  if (!param.empty()) error["param"] = param;
  if (!code.empty()) error["code"] = code;
  return {status, {{"error", std::move(error)}}};
}

}  // namespace

Answer CardError(CardErrorFields fields) {
  Answer answer = Error(402, "card_error", fields.message, fields.param, fields.code);
  json& error = answer.body["error"];
  if (!fields.decline_code.empty()) error["decline_code"] = fields.decline_code;
  if (!fields.charge.empty()) error["charge"] = fields.charge;
  if (!fields.payment_intent.is_null()) error["payment_intent"] = std::move(fields.payment_intent);
  if (!fields.payment_method.is_null()) error["payment_method"] = std::move(fields.payment_method);
  return answer;
}

Answer InvalidRequest(std::string_view message, std::string_view param, std::string_view code) {
  return Error(400, "invalid_request_error", message, param, code);
}

Answer NoSuch(std::string_view resource, std::string_view id) {
  Answer answer = NoSuchParameter(resource, id, "id");
  answer.status = 404;
  return answer;
}

Answer NoSuchParameter(std::string_view resource, std::string_view id, std::string_view param) {
  const std::string message = "No such " + std::string(resource) + ": '" + std::string(id) + "'";
  return Error(400, "invalid_request_error", message, param, "resource_missing");
}

Answer IdempotencyConflict(int status, std::string_view message, std::string_view code) {
  return Error(status, "idempotency_error", message, "", code);
}

std::string Dump(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Answer ServerError() {
  return Error(500, "api_error", "An unknown error occurred while the request was worked on.", "", "");
}

Answer LockTimeout() {
  return Error(429, "invalid_request_error", "Another request is working on this object at the moment.", "",
               "lock_timeout");
}

Answer Unauthorized() {
  return Error(401, "invalid_request_error", "No valid API key was given in the Authorization header.", "",
               "");
}

}  // namespace perennial::gateway_simulator::core
