#include "simulators/payment_gateway/core/api.h"

#include <array>
#include <utility>

namespace perennial::gateway_simulator::core {
namespace {

using EndPoint = Decision (*)(const Books&, const Context&, const std::string&, FormReader);

struct Route {
  std::string_view method;
  std::string_view pattern;  // at most one `:id`
  EndPoint end_point;
};

// `search` stands before `:id`, which would match it too.
constexpr std::array kRoutes = {
    Route{"POST", "/v1/customers", CreateCustomer},
    Route{"GET", "/v1/customers/:id", GetCustomer},
    Route{"DELETE", "/v1/customers/:id", DeleteCustomer},
    Route{"POST", "/v1/payment_methods", CreatePaymentMethod},
    Route{"GET", "/v1/payment_methods/:id", GetPaymentMethod},
    Route{"POST", "/v1/payment_methods/:id/attach", AttachPaymentMethod},
    Route{"POST", "/v1/payment_methods/:id/detach", DetachPaymentMethod},
    Route{"POST", "/v1/payment_intents", CreateIntent},
    Route{"GET", "/v1/payment_intents", ListIntents},
    Route{"GET", "/v1/payment_intents/search", SearchIntents},
    Route{"GET", "/v1/payment_intents/:id", GetIntent},
    Route{"POST", "/v1/payment_intents/:id/confirm", ConfirmIntent},
    Route{"POST", "/v1/payment_intents/:id/cancel", CancelIntent},
    Route{"GET", "/v1/charges", ListCharges},
    Route{"POST", "/v1/refunds", CreateRefund},
    Route{"GET", "/v1/refunds", ListRefunds},
    Route{"GET", "/v1/refunds/:id", GetRefund},
};

// The id if the path fits the pattern ("" for a pattern without one).
std::optional<std::string> Match(std::string_view pattern, std::string_view path) {
  const size_t colon = pattern.find(':');
  if (colon == std::string_view::npos) return pattern == path ? std::optional<std::string>("") : std::nullopt;
  const std::string_view before = pattern.substr(0, colon);
  const std::string_view after = pattern.substr(colon + std::string_view(":id").size());
  if (!path.starts_with(before) || path.size() <= before.size() + after.size()) return std::nullopt;
  if (!path.ends_with(after)) return std::nullopt;
  const std::string_view id = path.substr(before.size(), path.size() - before.size() - after.size());
  return id.find('/') == std::string_view::npos ? std::optional(std::string(id)) : std::nullopt;
}

}  // namespace

Decision Refuse(Answer answer) {
  return {.answer = std::move(answer), .changes = {}, .executed = false};
}

Decision Execute(const Books& books, const Context& context, const Request& request, std::string* route) {
  for (const Route& candidate : kRoutes) {
    if (candidate.method != request.method) continue;
    const std::optional<std::string> id = Match(candidate.pattern, request.path);
    if (!id) continue;
    if (route != nullptr) *route = candidate.pattern;
    return candidate.end_point(books, context, *id, FormReader(request.form));
  }
  if (route != nullptr) *route = "unmatched";
  Answer answer = InvalidRequest("Unrecognized request URL, or one that this simulator does not speak.");
  answer.status = 404;
  return Refuse(std::move(answer));
}

}  // namespace perennial::gateway_simulator::core
