// /v1/charges and /v1/refunds
#include "simulators/payment_gateway/core/api.h"
#include "simulators/payment_gateway/core/render.h"

namespace perennial::gateway_simulator::core {

Decision ListCharges(const Books& books, const Context&, const std::string&, FormReader form) {
  const std::string intent = form.Text("payment_intent");
  nlohmann::json page = RenderPage(books.Charges(), "/v1/charges", form, [&](const Charge& charge) {
    return intent.empty() || charge.payment_intent == intent;
  });
  if (const auto mistake = form.Check()) return Refuse(*mistake);
  return {.answer = {200, std::move(page)}, .changes = {}};
}

Decision CreateRefund(const Books& books, const Context& context, const std::string&, FormReader form) {
  Refund refund{.id = "", .created = context.now_s, .payment_intent = form.RequiredText("payment_intent")};
  const std::optional<int64_t> amount = form.Integer("amount");
  if (amount && *amount < 1) {
    form.Fail(InvalidRequest("This value must be greater than or equal to 1.", "amount",
                             "parameter_invalid_integer"));
  }
  refund.reason = form.Choice("reason", {"duplicate", "fraudulent", "requested_by_customer"});
  refund.metadata = form.ReadMetadata();
  if (const auto mistake = form.Check()) return Refuse(*mistake);
  const Intent* found = books.FindIntent(refund.payment_intent);
  if (found == nullptr)
    return Refuse(NoSuchParameter("payment_intent", refund.payment_intent, "payment_intent"));
  if (found->status != "succeeded") {
    return Refuse(
        InvalidRequest("This PaymentIntent does not have a successful charge to refund.", "payment_intent"));
  }
  const int64_t left = found->amount_received - found->amount_refunded;
  if (left == 0) {
    return Refuse(InvalidRequest("Charge " + found->latest_charge + " has already been refunded.",
                                 "payment_intent", "charge_already_refunded"));
  }
  refund.amount = amount.value_or(left);
  if (refund.amount > left) {
    return Refuse(InvalidRequest("Refund amount (" + std::to_string(refund.amount) +
                                     ") is greater than unrefunded amount on charge (" +
                                     std::to_string(left) + ")",
                                 "amount"));
  }
  refund.id = context.new_id("re_");
  refund.charge = found->latest_charge;
  refund.currency = found->currency;
  Intent intent = *found;
  intent.amount_refunded += refund.amount;
  return {.answer = {200, Render(refund)}, .changes = {intent, refund}};
}

Decision GetRefund(const Books& books, const Context&, const std::string& id, FormReader form) {
  if (const auto mistake = form.Check()) return Refuse(*mistake);
  const Refund* refund = books.FindRefund(id);
  if (refund == nullptr) return Refuse(NoSuch("refund", id));
  return {.answer = {200, Render(*refund)}, .changes = {}};
}

Decision ListRefunds(const Books& books, const Context&, const std::string&, FormReader form) {
  const std::string intent = form.Text("payment_intent");
  nlohmann::json page = RenderPage(books.Refunds(), "/v1/refunds", form, [&](const Refund& refund) {
    return intent.empty() || refund.payment_intent == intent;
  });
  if (const auto mistake = form.Check()) return Refuse(*mistake);
  return {.answer = {200, std::move(page)}, .changes = {}};
}

}  // namespace perennial::gateway_simulator::core
