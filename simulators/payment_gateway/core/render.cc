#include "simulators/payment_gateway/core/render.h"

namespace perennial::gateway_simulator::core {
namespace {

using nlohmann::json;

json OrNull(const std::string& text) {
  return text.empty() ? json() : json(text);
}
json OrNull(int64_t number) {
  return number == 0 ? json() : json(number);
}

json BillingDetails(const Metadata& flat) {
  const auto field = [&](const char* name) { return flat.contains(name) ? OrNull(flat.at(name)) : json(); };
  return {{"name", field("name")},
          {"email", field("email")},
          {"phone", field("phone")},
          {"address",
           {{"city", field("address[city]")},
            {"country", field("address[country]")},
            {"line1", field("address[line1]")},
            {"line2", field("address[line2]")},
            {"postal_code", field("address[postal_code]")},
            {"state", field("address[state]")}}}};
}

json NextAction(const Intent& intent) {
  if (intent.status != "requires_action") return nullptr;
  if (intent.return_url.empty()) {
    return {{"type", "use_stripe_sdk"}, {"use_stripe_sdk", {{"type", "three_d_secure_redirect"}}}};
  }
  // The customer's part is played by POST /_control/authentications, not by a page.
  const std::string url = "/_control/authentications?payment_intent=" + intent.id;
  return {{"type", "redirect_to_url"},
          {"redirect_to_url", {{"url", url}, {"return_url", intent.return_url}}}};
}

}  // namespace

json Render(const Customer& customer) {
  return {{"id", customer.id},
          {"object", "customer"},
          {"created", customer.created},
          {"email", OrNull(customer.email)},
          {"name", OrNull(customer.name)},
          {"description", OrNull(customer.description)},
          {"livemode", false},
          {"metadata", customer.metadata}};
}

json Render(const PaymentMethod& method) {
  const json cvc_check = !method.cvc_given ? json() : json(method.customer.empty() ? "unchecked" : "pass");
  return {{"id", method.id},
          {"object", "payment_method"},
          {"type", "card"},
          {"created", method.created},
          {"customer", OrNull(method.customer)},
          {"livemode", false},
          {"metadata", method.metadata},
          {"billing_details", BillingDetails(method.billing_details)},
          {"card",
           {{"brand", method.brand},
            {"display_brand", method.brand},
            {"last4", method.last4},
            {"exp_month", method.exp_month},
            {"exp_year", method.exp_year},
            {"funding", method.funding},
            {"country", method.country},
            {"fingerprint", method.fingerprint},
            {"checks",
             {{"cvc_check", cvc_check},
              {"address_line1_check", nullptr},
              {"address_postal_code_check", nullptr}}},
            {"networks", {{"available", json::array({method.brand})}, {"preferred", nullptr}}},
            {"three_d_secure_usage", {{"supported", true}}},
            {"generated_from", nullptr},
            {"wallet", nullptr}}}};
}

// Field by field: a list of pairs would be built first and cost as much again, for each charge.
json Render(const Intent& intent) {
  json body;
  body["id"] = intent.id;
  body["object"] = "payment_intent";
  body["amount"] = intent.amount;
  body["amount_capturable"] = 0;
  body["amount_received"] = intent.amount_received;
  body["canceled_at"] = OrNull(intent.canceled_at);
  body["cancellation_reason"] = OrNull(intent.cancellation_reason);
  body["capture_method"] = "automatic";
  body["client_secret"] = intent.client_secret;
  body["confirmation_method"] = "automatic";
  body["created"] = intent.created;
  body["currency"] = intent.currency;
  body["customer"] = OrNull(intent.customer);
  body["description"] = OrNull(intent.description);
  body["last_payment_error"] = intent.last_payment_error;
  body["latest_charge"] = OrNull(intent.latest_charge);
  body["livemode"] = false;
  body["metadata"] = intent.metadata;
  body["next_action"] = NextAction(intent);
  body["payment_method"] = OrNull(intent.payment_method);
  body["payment_method_types"] = json::array({"card"});
  body["setup_future_usage"] = OrNull(intent.setup_future_usage);
  body["status"] = intent.status;
  return body;
}

json Render(const Charge& charge) {
  return {{"id", charge.id},
          {"object", "charge"},
          {"amount", charge.amount},
          {"amount_captured", charge.captured ? charge.amount : 0},
          {"captured", charge.captured},
          {"created", charge.created},
          {"currency", charge.currency},
          {"customer", OrNull(charge.customer)},
          {"failure_code", OrNull(charge.decline)},
          {"livemode", false},
          {"metadata", charge.metadata},
          {"paid", charge.captured},
          {"payment_intent", charge.payment_intent},
          {"payment_method", charge.payment_method},
          {"status", charge.captured ? "succeeded" : "failed"}};
}

CreatedWindow ReadCreatedWindow(FormReader& form) {
  CreatedWindow window;
  if (const auto second = form.Integer("created[gte]")) window.from = *second;
  if (const auto second = form.Integer("created[gt]")) window.from = *second + 1;
  if (const auto second = form.Integer("created[lt]")) window.until = *second;
  if (const auto second = form.Integer("created[lte]")) window.until = *second + 1;
  return window;
}

json Render(const Refund& refund) {
  return {{"id", refund.id},
          {"object", "refund"},
          {"amount", refund.amount},
          {"charge", refund.charge},
          {"created", refund.created},
          {"currency", refund.currency},
          {"metadata", refund.metadata},
          {"payment_intent", refund.payment_intent},
          {"reason", OrNull(refund.reason)},
          {"status", "succeeded"}};
}

}  // namespace perennial::gateway_simulator::core
