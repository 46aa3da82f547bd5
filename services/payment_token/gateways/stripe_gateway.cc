#include "services/payment_token/gateways/stripe_gateway.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/base/resource_name.h"
#include "libs/telemetry/log.h"

namespace perennial::payment_token {
namespace {

using stripe::Error;
using stripe::Failure;

constexpr char kIntents[] = "/v1/payment_intents";
constexpr char kChargeKey[] = "charge_id";
constexpr char kRefundKey[] = "refund_id";
constexpr const char* kOperations[] = {
    "create_customer", "delete_customer", "ask_removed",   "tokenise", "attach",     "detach",      "charge",
    "ask_charge",      "find_charge",     "cancel_charge", "refund",   "ask_refund", "find_refund", "list"};

// Where our request calls Stripe's parameter so.
std::string FieldOf(const std::string& param) {
  if (param == "cvc") return "card.security_code";
  if (param == "exp_month") return "card.expiry_month";
  if (param == "exp_year") return "card.expiry_year";
  return "card.number";
}

bool IsMistyped(const Error& error) {
  return error.code == "invalid_number" || error.code == "incorrect_number" || error.code == "invalid_cvc" ||
         error.code == "incorrect_cvc" || error.code == "invalid_expiry_month" ||
         error.code == "invalid_expiry_year";
}

// Errors of the two steps of storing a card.
TokeniseOutcome TokeniseAfter(const Error& error) {
  switch (error.failure) {
    case Failure::kCardError:
      if (IsMistyped(error)) return CardInvalid{FieldOf(error.param)};
      return CardDeclined{error.code};
    case Failure::kNotSent:
    case Failure::kUnknown:
    case Failure::kKeyReused:
    case Failure::kReplayed:
    case Failure::kInProgress:
    case Failure::kMissing:
    case Failure::kRejected:
      return GatewayAway{};
  }
  return GatewayAway{};
}

std::variant<core::ChargeOutcome, core::NextStep> ChargeAfter(const Error& error) {
  switch (error.failure) {
    case Failure::kCardError:
      return core::Declined{error.code, error.reference};
    case Failure::kNotSent:
      return core::NotSent{};
    case Failure::kReplayed:
    case Failure::kKeyReused:
      // The key will not say more. Sending under another one could charge twice: look for it instead.
      return core::NextStep::kSearch;
    case Failure::kMissing:
    case Failure::kRejected:
      return core::Rejected{error.code};
    case Failure::kUnknown:
    case Failure::kInProgress:
      return core::OutcomeUnknown{};
  }
  return core::OutcomeUnknown{};
}

const char* OperationOf(core::NextStep step) {
  switch (step) {
    case core::NextStep::kNothing:
    case core::NextStep::kEnd:
    case core::NextStep::kSend:
      return "charge";
    case core::NextStep::kAskReference:
      return "ask_charge";
    case core::NextStep::kSearch:
      return "find_charge";
    case core::NextStep::kCancel:
      return "cancel_charge";
  }
  return "charge";
}

std::string Lower(const std::string& currency) {
  return absl::AsciiStrToLower(currency);
}

}  // namespace

StripeGateway::StripeGateway(Options options, telemetry::Metrics& metrics)
    : options_(std::move(options)),
      http_({options_.url, options_.api_key, options_.longest, options_.connections}) {
  for (const char* operation : kOperations) {
    seconds_[operation] =
        &metrics.HistogramOf("perennial_gateway_request_seconds", "Requests to the payment gateway.",
                             telemetry::LatencyBounds(), {{"operation", operation}});
  }
}

stripe::Parsed StripeGateway::Ask(const char* operation, const std::function<HttpResult()>& send) {
  const absl::Time begin = absl::Now();
  const HttpResult result = send();
  return Understand(operation, result, absl::Now() - begin);
}

stripe::Parsed StripeGateway::Understand(const char* operation, const HttpResult& result,
                                         absl::Duration took) {
  // What waited in vain for its turn took the gateway no time.
  if (took > absl::ZeroDuration()) seconds_.at(operation)->Observe(absl::ToDoubleSeconds(took));
  stripe::Parsed parsed = stripe::Parse(result);
  const auto* error = std::get_if<Error>(&parsed);
  if (error == nullptr || error->failure == Failure::kCardError) return parsed;
  // Codes only: Stripe's messages may repeat what was sent (R21).
  const auto* answer = std::get_if<HttpAnswer>(&result);
  const auto* failure = std::get_if<HttpFailure>(&result);
  const bool is_ours = error->failure == Failure::kRejected || error->failure == Failure::kKeyReused ||
                       (answer != nullptr && (answer->status == 401 || answer->status == 403));
  telemetry::Log(is_ours ? telemetry::Severity::kError : telemetry::Severity::kWarning,
                 "gateway request failed",
                 {{"operation", std::string(operation)},
                  {"status", int64_t{answer != nullptr ? answer->status : 0}},
                  {"code", error->code},
                  {"param", error->param},
                  {"why", failure != nullptr ? failure->why : ""},
                  {"gateway_request_id", answer != nullptr ? answer->request_id : ""}});
  return parsed;
}

CustomerOutcome StripeGateway::CreateCustomer(const Uuid& account_id) {
  Form form;
  form.Add("metadata[account]", AccountName(account_id));
  const std::string key = Uuid::Derive(account_id, "gateway_customer").ToString();
  const stripe::Parsed parsed =
      Ask("create_customer", [&] { return http_.Post("/v1/customers", form, key); });
  const auto* body = std::get_if<std::string>(&parsed);
  std::string id = body != nullptr ? stripe::ReadId(*body) : "";
  if (id.empty()) return GatewayAway{};
  return id;
}

RemovalOutcome StripeGateway::Removal(const std::string& path, const stripe::Parsed& parsed) {
  const auto* error = std::get_if<Error>(&parsed);
  if (error == nullptr) return RemovalOutcome::kGone;
  if (error->failure != Failure::kMissing && error->failure != Failure::kRejected)
    return RemovalOutcome::kTryAgain;
  // Refused: gone already, by an earlier try whose answer was lost; or we ask in the wrong account, and
  // forgetting the token would leave the card there for ever (R22). Stripe keeps what is gone readable.
  const stripe::Parsed read = Ask("ask_removed", [&] { return http_.Get(path); });
  const auto* body = std::get_if<std::string>(&read);
  return body != nullptr && stripe::IsRemoved(*body) ? RemovalOutcome::kGone : RemovalOutcome::kTryAgain;
}

RemovalOutcome StripeGateway::DeleteCustomer(const std::string& customer) {
  const std::string path = absl::StrCat("/v1/customers/", customer);
  return Removal(path, Ask("delete_customer", [&] { return http_.Delete(path); }));
}

RemovalOutcome StripeGateway::Detach(const std::string& token) {
  const std::string path = absl::StrCat("/v1/payment_methods/", token);
  return Removal(path, Ask("detach", [&] { return http_.Post(absl::StrCat(path, "/detach"), Form(), ""); }));
}

TokeniseOutcome StripeGateway::Tokenise(const core::CardEntry& card, const Uuid& key) {
  Form form;
  form.Add("type", "card")
      .Add("card[number]", core::Digits(card.number.view()).view())
      .Add("card[exp_month]", std::to_string(card.expiry_month))
      .Add("card[exp_year]", std::to_string(card.expiry_year))
      .Add("card[cvc]", card.security_code.view());
  if (!card.holder_name.empty()) form.Add("billing_details[name]", card.holder_name);
  const stripe::Parsed created =
      Ask("tokenise", [&] { return http_.PostSecret("/v1/payment_methods", form, key.ToString()); });
  if (const auto* error = std::get_if<Error>(&created)) return TokeniseAfter(*error);
  auto read = stripe::ReadPaymentMethod(std::get<std::string>(created));
  if (const auto* error = std::get_if<Error>(&read)) return TokeniseAfter(*error);
  return std::get<GatewayCard>(std::move(read));
}

TokeniseOutcome StripeGateway::Attach(const GatewayCard& card, const std::string& customer, const Uuid& key) {
  Form form;
  form.Add("customer", customer);
  const std::string path = absl::StrCat("/v1/payment_methods/", card.token, "/attach");
  const stripe::Parsed attached =
      Ask("attach", [&] { return http_.Post(path, form, Uuid::Derive(key, "attach").ToString()); });
  if (const auto* error = std::get_if<Error>(&attached)) return TokeniseAfter(*error);
  return card;
}

HttpRequest StripeGateway::RequestOf(const ChargeOrder& order, core::NextStep step) const {
  const core::ChargeRequest& request = order.charge.request;
  const std::string path = absl::StrCat(kIntents, "/", order.charge.gateway_reference);
  if (step == core::NextStep::kAskReference) return {"GET", path, "", ""};
  if (step == core::NextStep::kCancel) return {"POST", absl::StrCat(path, "/cancel"), "", ""};
  if (step == core::NextStep::kSearch) {
    const std::string query = absl::StrCat("metadata['", kChargeKey, "']:'", request.id.ToString(), "'");
    return {"GET", absl::StrCat(kIntents, "/search?query=", PercentEncode(query)), "", ""};
  }
  Form form;
  form.Add("amount", std::to_string(request.amount.minor))
      .Add("currency", Lower(request.amount.currency))
      .Add("customer", order.customer)
      .Add("payment_method", order.token)
      .Add("payment_method_types[0]", "card")
      .Add("confirm", "true")
      .Add("description", request.description)
      .Add(absl::StrCat("metadata[", kChargeKey, "]"), request.id.ToString())
      .Add("metadata[order]", request.order_id.ToString());
  if (request.off_session) {
    form.Add("off_session", "true");
  } else {
    // The customer is there: a challenge can be answered, and what it proves serves renewals later (R24).
    form.Add("setup_future_usage", "off_session").Add("return_url", options_.return_url);
  }
  return {"POST", kIntents, std::string(form.text()), request.id.ToString()};
}

StripeGateway::ChargeReading StripeGateway::Read(const ChargeOrder& order, core::NextStep step,
                                                 const stripe::Parsed& parsed) const {
  const auto* error = std::get_if<Error>(&parsed);
  const auto* body = std::get_if<std::string>(&parsed);
  if (step == core::NextStep::kSend && error != nullptr) return ChargeAfter(*error);
  // Refused: it has come to an end meanwhile.
  if (step == core::NextStep::kCancel && error != nullptr) return core::NextStep::kAskReference;
  if (body == nullptr) return core::OutcomeUnknown{};
  if (step == core::NextStep::kSearch)
    return stripe::FindIntent(*body, kChargeKey, order.charge.request.id.ToString(), options_.url);
  return stripe::ReadIntent(*body, options_.url);
}

void StripeGateway::AskCharges(const std::vector<ChargeOrder>& orders, const TakeChargeAnswers& take) {
  const absl::Time until = http_.Until();
  struct Question {
    size_t place = 0;
    core::NextStep step;
  };
  std::vector<Question> questions;
  for (size_t i = 0; i < orders.size(); ++i) questions.push_back({i, orders[i].step});
  while (!questions.empty()) {
    std::vector<HttpRequest> requests;
    for (const Question& question : questions)
      requests.push_back(RequestOf(orders[question.place], question.step));
    std::vector<Question> further;
    http_.SendAll(requests, until, [&](const std::vector<HttpDone>& done) {
      std::vector<ChargeAnswer> answers;
      for (const HttpDone& each : done) {
        const Question& question = questions[each.place];
        const ChargeOrder& order = orders[question.place];
        ChargeReading reading =
            Read(order, question.step, Understand(OperationOf(question.step), each.result, each.took));
        if (const auto* step = std::get_if<core::NextStep>(&reading)) {
          further.push_back({question.place, *step});
        } else {
          answers.push_back({question.place, std::get<core::ChargeOutcome>(std::move(reading))});
        }
      }
      if (!answers.empty()) take(answers);
    });
    questions = std::move(further);
  }
}

core::RefundOutcome StripeGateway::Refund(const RefundOrder& order) {
  const std::string id = order.refund.request.id.ToString();
  Form form;
  form.Add("payment_intent", order.charge_reference)
      .Add("amount", std::to_string(order.refund.amount.minor))
      .Add(absl::StrCat("metadata[", kRefundKey, "]"), id)
      .Add("metadata[order]", order.refund.order_id.ToString());
  const stripe::Parsed parsed = Ask("refund", [&] { return http_.Post("/v1/refunds", form, id); });
  if (const auto* error = std::get_if<Error>(&parsed)) return RefundAfter(order, *error);
  return stripe::ReadRefund(std::get<std::string>(parsed));
}

core::RefundOutcome StripeGateway::RefundAfter(const RefundOrder& order, const Error& error) {
  switch (error.failure) {
    case Failure::kNotSent:
      return core::NotSent{};
    case Failure::kReplayed:
    case Failure::kKeyReused:
      return FindRefund(order);
    case Failure::kCardError:
    case Failure::kMissing:
    case Failure::kRejected:
      return core::Rejected{error.code};
    case Failure::kUnknown:
    case Failure::kInProgress:
      return core::OutcomeUnknown{};
  }
  return core::OutcomeUnknown{};
}

core::RefundOutcome StripeGateway::AskRefund(const std::string& reference) {
  const stripe::Parsed parsed =
      Ask("ask_refund", [&] { return http_.Get(absl::StrCat("/v1/refunds/", reference)); });
  const auto* body = std::get_if<std::string>(&parsed);
  if (body == nullptr) return core::OutcomeUnknown{};
  return stripe::ReadRefund(*body);
}

core::RefundOutcome StripeGateway::FindRefund(const RefundOrder& order) {
  const stripe::Parsed parsed = Ask("find_refund", [&] {
    return http_.Get(absl::StrCat("/v1/refunds?limit=100&payment_intent=", order.charge_reference));
  });
  const auto* body = std::get_if<std::string>(&parsed);
  if (body == nullptr) return core::OutcomeUnknown{};
  return stripe::FindRefund(*body, kRefundKey, order.refund.request.id.ToString());
}

ListingOutcome StripeGateway::ListMovements(MovementKind kind, absl::Time since, const std::string& after,
                                            int limit) {
  // Charges and not intents: an intent's time is when it was begun, and a challenge may be met hours later.
  const bool captures = kind == MovementKind::kCapture;
  std::string path = absl::StrCat(captures ? "/v1/charges" : "/v1/refunds", "?limit=", limit,
                                  "&created%5Bgte%5D=", absl::ToUnixSeconds(since));
  if (!after.empty()) absl::StrAppend(&path, "&starting_after=", PercentEncode(after));
  const stripe::Parsed parsed = Ask("list", [&] { return http_.Get(path); });
  const auto* body = std::get_if<std::string>(&parsed);
  if (body == nullptr) return GatewayAway{};
  auto page = stripe::ReadMovements(*body, captures ? kChargeKey : kRefundKey);
  if (!page) return GatewayAway{};
  return *std::move(page);
}

}  // namespace perennial::payment_token
