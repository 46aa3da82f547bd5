#include "simulators/payment_gateway/core/control.h"

#include "simulators/payment_gateway/core/behaviour.h"
#include "simulators/payment_gateway/core/charge.h"
#include "simulators/payment_gateway/core/render.h"

namespace perennial::gateway_simulator::core {
namespace {

using nlohmann::json;

std::string TextField(const json& body, const char* name) {
  const auto it = body.is_object() ? body.find(name) : body.end();
  return it != body.end() && it->is_string() ? it->get<std::string>() : "";
}

// `{count, sums: {currency: minor units}, list}`.
struct Section {
  int64_t count = 0;
  std::map<std::string, int64_t> sums;
  json list = json::array();

  void Add(const std::string& currency, int64_t amount, json entry) {
    ++count;
    sums[currency] += amount;
    list.push_back(std::move(entry));
  }
  json Done() && { return {{"count", count}, {"sums", sums}, {"list", std::move(list)}}; }
};

json ChargeEntry(const Charge& charge, const Metadata& metadata) {
  return {{"id", charge.id},
          {"created", charge.created},
          {"payment_intent", charge.payment_intent},
          {"customer", charge.customer},
          {"payment_method", charge.payment_method},
          {"last4", charge.last4},
          {"amount", charge.amount},
          {"currency", charge.currency},
          {"metadata", metadata}};
}

}  // namespace

json RenderBooks(const Books& books) {
  Section captures;
  Section declines;
  for (const Charge& charge : books.Charges()) {
    const Intent* intent = books.FindIntent(charge.payment_intent);
    json entry = ChargeEntry(charge, intent == nullptr ? Metadata{} : intent->metadata);
    if (!charge.captured) entry["decline_code"] = charge.decline;
    (charge.captured ? captures : declines).Add(charge.currency, charge.amount, std::move(entry));
  }
  Section refunds;
  for (const Refund& refund : books.Refunds()) refunds.Add(refund.currency, refund.amount, Render(refund));
  int64_t customers = 0;
  for (const Customer& customer : books.Customers()) customers += customer.deleted ? 0 : 1;
  int64_t attached = 0;
  for (const PaymentMethod& method : books.PaymentMethods()) attached += method.customer.empty() ? 0 : 1;
  return {{"captures", std::move(captures).Done()},
          {"declines", std::move(declines).Done()},
          {"refunds", std::move(refunds).Done()},
          {"customers", customers},
          {"attached_payment_methods", attached}};
}

Decision ChangeCards(const Books& books, const json& body) {
  const std::string last4 = TextField(body, "last4");
  const std::string behaviour = TextField(body, "behaviour");
  const std::string customer = TextField(body, "customer");
  if (last4.size() != 4)
    return Refuse(InvalidRequest("last4 must be the four last digits of a stored card.", "last4"));
  if (!BehaviourNamed(behaviour)) {
    return Refuse(
        InvalidRequest("behaviour must be succeeds, a decline code, or one of README.md's.", "behaviour"));
  }
  Decision decision;
  for (const PaymentMethod& method : books.PaymentMethods()) {
    if (method.last4 != last4 || method.spent || (!customer.empty() && method.customer != customer)) continue;
    PaymentMethod changed = method;
    changed.behaviour = behaviour;
    decision.changes.push_back(changed);
  }
  if (decision.changes.empty()) return Refuse(NoSuch("stored card", last4));
  decision.answer = {200, {{"changed", decision.changes.size()}}};
  return decision;
}

Decision Authenticate(const Books& books, const Context& context, const json& body) {
  const std::string outcome = TextField(body, "outcome");
  if (outcome != "succeed" && outcome != "fail") {
    return Refuse(InvalidRequest("outcome must be succeed or fail.", "outcome"));
  }
  const std::string id = TextField(body, "payment_intent");
  const Intent* intent = books.FindIntent(id);
  if (intent == nullptr) return Refuse(NoSuchParameter("payment_intent", id, "payment_intent"));
  if (intent->status != "requires_action") {
    return Refuse(InvalidRequest("The PaymentIntent does not wait for authentication.", "payment_intent"));
  }
  return FinishAuthentication(books, context, *intent, outcome == "succeed");
}

}  // namespace perennial::gateway_simulator::core
