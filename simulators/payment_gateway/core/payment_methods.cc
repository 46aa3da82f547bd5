// /v1/payment_methods
#include "simulators/payment_gateway/core/api.h"
#include "simulators/payment_gateway/core/behaviour.h"
#include "simulators/payment_gateway/core/card.h"
#include "simulators/payment_gateway/core/render.h"

namespace perennial::gateway_simulator::core {
namespace {

constexpr std::string_view kSpent =
    "The provided PaymentMethod was detached from a Customer, or used without being attached to one. It may "
    "not be "
    "used again.";

// The issuer's answer to the check that attaching makes; empty: no objection.
std::string DeclineOnAttach(const Context& context, const PaymentMethod& method) {
  if (!context.forced_decline.empty()) return context.forced_decline;
  const Behaviour behaviour = BehaviourNamed(method.behaviour).value_or(Behaviour{});
  return behaviour.attaches ? "" : behaviour.decline;
}

}  // namespace

Decision CreatePaymentMethod(const Books&, const Context& context, const std::string&, FormReader form) {
  if (form.RequiredText("type") != "card") {
    form.Fail(InvalidRequest("This simulator knows payment methods of type card only.", "type"));
  }
  CardData data{.number = form.RequiredText("card[number]"),
                .exp_month = form.RequiredInteger("card[exp_month]"),
                .exp_year = form.RequiredInteger("card[exp_year]"),
                .cvc = form.Text("card[cvc]")};
  PaymentMethod method{.id = "", .created = context.now_s};
  method.billing_details = form.Nested("billing_details");
  method.metadata = form.ReadMetadata();
  if (const auto mistake = form.Check()) return Refuse(*mistake);
  const Expected<TestCard> card = CheckCard(data, context.now_s);
  if (!card.ok()) return {.answer = card.refusal(), .changes = {}};

  method.id = context.new_id("pm_");
  method.brand = card.value().brand;
  method.last4 = data.number.substr(data.number.size() - 4);
  method.exp_month = data.exp_month;
  method.exp_year = data.exp_year;
  method.funding = card.value().funding;
  method.country = card.value().country;
  method.fingerprint = context.fingerprint(data.number);
  method.behaviour = card.value().behaviour;
  method.cvc_given = !data.cvc.empty();
  return {.answer = {200, Render(method)}, .changes = {method}};
}

Decision GetPaymentMethod(const Books& books, const Context&, const std::string& id, FormReader form) {
  if (const auto mistake = form.Check()) return Refuse(*mistake);
  const PaymentMethod* method = books.FindPaymentMethod(id);
  if (method == nullptr) return Refuse(NoSuch("PaymentMethod", id));
  return {.answer = {200, Render(*method)}, .changes = {}};
}

Decision AttachPaymentMethod(const Books& books, const Context& context, const std::string& id,
                             FormReader form) {
  const std::string customer = form.RequiredText("customer");
  if (const auto mistake = form.Check()) return Refuse(*mistake);
  const PaymentMethod* found = books.FindPaymentMethod(id);
  if (found == nullptr) return Refuse(NoSuch("PaymentMethod", id));
  if (books.FindCustomer(customer) == nullptr)
    return Refuse(NoSuchParameter("customer", customer, "customer"));
  if (found->spent) return Refuse(InvalidRequest(kSpent));
  if (found->customer == customer) return {.answer = {200, Render(*found)}, .changes = {}};
  if (!found->customer.empty()) {
    return Refuse(InvalidRequest("The payment method you provided has already been attached to a customer."));
  }
  const std::string decline = DeclineOnAttach(context, *found);
  if (!decline.empty()) return {.answer = CardError(DeclineFields(decline)), .changes = {}};
  PaymentMethod attached = *found;
  attached.customer = customer;
  return {.answer = {200, Render(attached)}, .changes = {attached}};
}

Decision DetachPaymentMethod(const Books& books, const Context&, const std::string& id, FormReader form) {
  if (const auto mistake = form.Check()) return Refuse(*mistake);
  const PaymentMethod* found = books.FindPaymentMethod(id);
  if (found == nullptr) return Refuse(NoSuch("PaymentMethod", id));
  if (found->customer.empty()) {
    return Refuse(InvalidRequest(
        "The payment method you provided is not attached to a customer so detachment is impossible."));
  }
  PaymentMethod detached = *found;
  detached.customer.clear();
  detached.spent = true;
  return {.answer = {200, Render(detached)}, .changes = {detached}};
}

}  // namespace perennial::gateway_simulator::core
