#include "simulators/payment_gateway/core/faults.h"

#include <algorithm>
#include <array>
#include <utility>

#include "simulators/payment_gateway/core/behaviour.h"

namespace perennial::gateway_simulator::core {
namespace {

using nlohmann::json;

struct ActionName {
  std::string_view name;
  FaultAction action;
};
constexpr std::array kActions = {
    ActionName{"decline", FaultAction::kDecline},
    ActionName{"timeout_after_capture", FaultAction::kTimeoutAfterCapture},
    ActionName{"error_500_before", FaultAction::kError500Before},
    ActionName{"error_500_after", FaultAction::kError500After},
    ActionName{"late", FaultAction::kLate},
    ActionName{"drop_connection", FaultAction::kDropConnection},
    ActionName{"lock_timeout", FaultAction::kLockTimeout},
    ActionName{"sent_twice", FaultAction::kSentTwice},
    ActionName{"sent_twice_at_once", FaultAction::kSentTwiceAtOnce},
    ActionName{"answered_twice", FaultAction::kAnsweredTwice},
};

// Only the keys of `allowed`: a mistyped match would otherwise fail every request.
bool HasOnly(const json& object, std::initializer_list<std::string_view> allowed) {
  return std::all_of(object.items().begin(), object.items().end(), [&](const auto& item) {
    return std::find(allowed.begin(), allowed.end(), item.key()) != allowed.end();
  });
}

// The id in /v1/<collection>/<id>…; empty if the path is not below the collection.
std::string IdBelow(const std::string& path, const std::string& collection) {
  const std::string prefix = "/v1/" + collection + "/";
  if (!path.starts_with(prefix)) return "";
  return path.substr(prefix.size(), path.find('/', prefix.size()) - prefix.size());
}

std::string Parameter(const Form& form, const std::string& name) {
  const auto it = form.find(name);
  return it == form.end() ? "" : it->second;
}

bool Fits(const Fault& fault, const RequestFacts& facts) {
  const bool below = facts.path == fault.path || facts.path.starts_with(fault.path + "/");
  return fault.method == facts.method && below &&
         (fault.payment_method_last4.empty() || fault.payment_method_last4 == facts.payment_method_last4) &&
         (fault.customer.empty() || fault.customer == facts.customer);
}

Fault ReadFault(const json& body) {
  Fault fault;
  fault.code = body.value("code", "");
  fault.ms = body.value("ms", int64_t{0});
  fault.count = body.value("count", int64_t{1});
  const json match = body.value("match", json::object());
  fault.method = match.value("method", fault.method);
  fault.path = match.value("path", fault.path);
  fault.payment_method_last4 = match.value("payment_method_last4", "");
  fault.customer = match.value("customer", "");
  return fault;
}

}  // namespace

std::string_view NameOf(FaultAction action) {
  return std::find_if(kActions.begin(), kActions.end(),
                      [&](const ActionName& known) { return known.action == action; })
      ->name;
}

RequestFacts FactsOf(const Books& books, const Request& request) {
  RequestFacts facts{.method = request.method,
                     .path = request.path,
                     .payment_method_last4 = "",
                     .customer = Parameter(request.form, "customer")};
  std::string intent_id = Parameter(request.form, "payment_intent");
  if (intent_id.empty()) intent_id = IdBelow(request.path, "payment_intents");
  std::string method_id = Parameter(request.form, "payment_method");
  if (method_id.empty()) method_id = IdBelow(request.path, "payment_methods");
  if (const Intent* intent = books.FindIntent(intent_id)) {
    if (facts.customer.empty()) facts.customer = intent->customer;
    if (method_id.empty()) method_id = intent->payment_method;
  }
  if (const PaymentMethod* method = books.FindPaymentMethod(method_id)) {
    facts.payment_method_last4 = method->last4;
    if (facts.customer.empty()) facts.customer = method->customer;
  }
  return facts;
}

Expected<Fault> ParseFault(const json& body) {
  if (!body.is_object() || !HasOnly(body, {"match", "action", "code", "ms", "count"})) {
    return InvalidRequest("A fault is {match, action, code, ms, count}.");
  }
  if (body.contains("match") &&
      (!body["match"].is_object() ||
       !HasOnly(body["match"], {"method", "path", "payment_method_last4", "customer"}))) {
    return InvalidRequest("A match is {method, path, payment_method_last4, customer}.", "match");
  }
  Fault fault;
  std::string name;
  try {
    fault = ReadFault(body);
    name = body.value("action", "");
  } catch (const json::exception&) {
    return InvalidRequest("A field of the fault has the wrong type.");
  }
  const auto action = std::find_if(kActions.begin(), kActions.end(),
                                   [&](const ActionName& known) { return known.name == name; });
  if (action == kActions.end()) return InvalidRequest("Unknown action.", "action");
  fault.action = action->action;
  if (fault.action == FaultAction::kDecline && !IsDeclineCode(fault.code)) {
    return InvalidRequest("The action decline needs a code: one of Stripe's decline codes.", "code");
  }
  if (fault.count < 1) return InvalidRequest("The count must be at least 1.", "count");
  if (fault.ms < 0 || fault.ms > 600'000) return InvalidRequest("ms must be from 0 to 600000.", "ms");
  return fault;
}

json Render(const Fault& fault) {
  return {{"action", NameOf(fault.action)},
          {"code", fault.code},
          {"ms", fault.ms},
          {"count", fault.count},
          {"match",
           {{"method", fault.method},
            {"path", fault.path},
            {"payment_method_last4", fault.payment_method_last4},
            {"customer", fault.customer}}}};
}

std::optional<Fault> FaultPlan::Take(const RequestFacts& facts) {
  const auto it =
      std::find_if(faults_.begin(), faults_.end(), [&](const Fault& fault) { return Fits(fault, facts); });
  if (it == faults_.end()) return std::nullopt;
  Fault taken = *it;
  if (--it->count == 0) faults_.erase(it);
  return taken;
}

}  // namespace perennial::gateway_simulator::core
