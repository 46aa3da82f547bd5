// /v1/payment_intents
#include <algorithm>
#include <array>

#include "simulators/payment_gateway/core/api.h"
#include "simulators/payment_gateway/core/charge.h"
#include "simulators/payment_gateway/core/render.h"
#include "simulators/payment_gateway/core/search.h"

namespace perennial::gateway_simulator::core {
namespace {

constexpr int64_t kMaxAmount = 99'999'999;

// https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts, for the currencies that a
// catalogue may use. Others have no minimum here.
int64_t MinimumAmount(std::string_view currency) {
  if (currency == "eur" || currency == "usd" || currency == "cad" || currency == "chf") return 50;
  if (currency == "gbp") return 30;
  return 1;
}

void CheckAmount(int64_t amount, const std::string& currency, FormReader& form) {
  if (amount < 1) {
    form.Fail(InvalidRequest("This value must be greater than or equal to 1.", "amount",
                             "parameter_invalid_integer"));
  } else if (amount < MinimumAmount(currency)) {
    form.Fail(InvalidRequest("Amount must be at least " + std::to_string(MinimumAmount(currency)) +
                                 " minor units of " + currency + ".",
                             "amount", "amount_too_small"));
  } else if (amount > kMaxAmount) {
    form.Fail(InvalidRequest("Amount must be no more than 99999999.", "amount", "amount_too_large"));
  }
}

// Lower-case ISO 4217, or a mistake noted in the form.
std::string ReadCurrency(FormReader& form) {
  std::string currency = form.RequiredText("currency");
  std::transform(currency.begin(), currency.end(), currency.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const bool letters =
      std::all_of(currency.begin(), currency.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  if (currency.size() != 3 || !letters) form.Fail(InvalidRequest("Invalid currency.", "currency"));
  return currency;
}

// Both ways of saying "cards only"; the simulator has nothing else.
void ReadMethodTypes(FormReader& form) {
  for (const auto& [index, type] : form.Nested("payment_method_types")) {
    if (type != "card") form.Fail(InvalidRequest("This simulator knows cards only.", "payment_method_types"));
  }
  form.Nested("automatic_payment_methods");
}

struct Confirmation {
  bool confirm = false;
  ChargeTerms terms;
};

Confirmation ReadConfirmation(FormReader& form) {
  return {.confirm = false,
          .terms = {.off_session = form.Flag("off_session"),
                    .authenticated = false,
                    .error_on_requires_action = form.Flag("error_on_requires_action")}};
}

// Whether the intent may be charged to its payment method; the refusal if not.
std::optional<Answer> CheckMethod(const Books& books, const Intent& intent) {
  const PaymentMethod* method = books.FindPaymentMethod(intent.payment_method);
  if (method == nullptr) return NoSuchParameter("PaymentMethod", intent.payment_method, "payment_method");
  if (method->spent) {
    return InvalidRequest(
        "The provided PaymentMethod was detached from a Customer, or used without being attached to one. It "
        "may not "
        "be used again.",
        "payment_method");
  }
  if (!method->customer.empty() && method->customer != intent.customer) {
    return InvalidRequest(
        "The provided PaymentMethod is attached to a Customer. Please give that Customer in the `customer` "
        "parameter.",
        "payment_method");
  }
  if (method->customer.empty() && !intent.customer.empty()) {
    return InvalidRequest(
        "The customer does not have this payment method. The payment method must be attached to the "
        "customer.",
        "payment_method");
  }
  return std::nullopt;
}

Answer UnexpectedState(const Intent& intent, std::string_view verb) {
  return InvalidRequest("You cannot " + std::string(verb) +
                            " this PaymentIntent because it has a status of " + intent.status + ".",
                        "", "payment_intent_unexpected_state");
}

}  // namespace

Decision CreateIntent(const Books& books, const Context& context, const std::string&, FormReader form) {
  Intent intent{.id = "", .created = context.now_s, .amount = form.RequiredInteger("amount")};
  intent.currency = ReadCurrency(form);
  CheckAmount(intent.amount, intent.currency, form);
  intent.customer = form.Text("customer");
  intent.payment_method = form.Text("payment_method");
  intent.description = form.Text("description");
  intent.return_url = form.Text("return_url");
  intent.setup_future_usage = form.Choice("setup_future_usage", {"on_session", "off_session"});
  intent.metadata = form.ReadMetadata();
  ReadMethodTypes(form);
  form.Choice("capture_method", {"automatic", "automatic_async"});
  Confirmation confirmation = ReadConfirmation(form);
  confirmation.confirm = form.Flag("confirm");
  if (!confirmation.confirm && confirmation.terms.off_session) {
    form.Fail(InvalidRequest("The parameter off_session can only be used with confirm=true.", "off_session"));
  }
  if (confirmation.confirm && intent.payment_method.empty()) {
    form.Fail(InvalidRequest("confirm=true needs a payment_method.", "payment_method", "parameter_missing"));
  }
  if (const auto mistake = form.Check()) return Refuse(*mistake);
  if (!intent.customer.empty() && books.FindCustomer(intent.customer) == nullptr) {
    return Refuse(NoSuchParameter("customer", intent.customer, "customer"));
  }
  if (!intent.payment_method.empty()) {
    if (const auto refusal = CheckMethod(books, intent)) return Refuse(*refusal);
  }
  intent.id = context.new_id("pi_");
  intent.client_secret = context.new_id(intent.id + "_secret_");
  intent.status = intent.payment_method.empty() ? "requires_payment_method" : "requires_confirmation";
  if (confirmation.confirm) return TakeMoney(books, context, intent, confirmation.terms);
  return {.answer = {200, Render(intent)}, .changes = {intent}};
}

Decision GetIntent(const Books& books, const Context&, const std::string& id, FormReader form) {
  if (const auto mistake = form.Check()) return Refuse(*mistake);
  const Intent* intent = books.FindIntent(id);
  if (intent == nullptr) return Refuse(NoSuch("payment_intent", id));
  return {.answer = {200, Render(*intent)}, .changes = {}};
}

Decision ListIntents(const Books& books, const Context&, const std::string&, FormReader form) {
  const std::string customer = form.Text("customer");
  nlohmann::json page = RenderPage(books.Intents(), "/v1/payment_intents", form, [&](const Intent& intent) {
    return customer.empty() || intent.customer == customer;
  });
  if (const auto mistake = form.Check()) return Refuse(*mistake);
  return {.answer = {200, std::move(page)}, .changes = {}};
}

Decision SearchIntents(const Books& books, const Context&, const std::string&, FormReader form) {
  const std::optional<IntentQuery> query = ParseIntentQuery(form.RequiredText("query"));
  if (!query) form.Fail(InvalidRequest("We were unable to parse your search query.", "query"));
  nlohmann::json page = RenderPage(
      books.Intents(), "/v1/payment_intents/search", form,
      [&](const Intent& intent) { return query && Matches(*query, intent); }, "page");
  if (const auto mistake = form.Check()) return Refuse(*mistake);
  page["object"] = "search_result";
  page["next_page"] = page["has_more"].get<bool>() ? page["data"].back()["id"] : nlohmann::json();
  return {.answer = {200, std::move(page)}, .changes = {}};
}

Decision ConfirmIntent(const Books& books, const Context& context, const std::string& id, FormReader form) {
  const std::string payment_method = form.Text("payment_method");
  const std::string return_url = form.Text("return_url");
  const Confirmation confirmation = ReadConfirmation(form);
  if (const auto mistake = form.Check()) return Refuse(*mistake);
  const Intent* found = books.FindIntent(id);
  if (found == nullptr) return Refuse(NoSuch("payment_intent", id));
  if (found->status == "succeeded" || found->status == "canceled" || found->status == "requires_action") {
    return Refuse(UnexpectedState(*found, "confirm"));
  }
  Intent intent = *found;
  if (!payment_method.empty()) intent.payment_method = payment_method;
  if (!return_url.empty()) intent.return_url = return_url;
  if (intent.payment_method.empty()) {
    return Refuse(InvalidRequest("This PaymentIntent has no payment method: give one to confirm it.",
                                 "payment_method", "payment_intent_unexpected_state"));
  }
  if (const auto refusal = CheckMethod(books, intent)) return Refuse(*refusal);
  return TakeMoney(books, context, intent, confirmation.terms);
}

Decision CancelIntent(const Books& books, const Context& context, const std::string& id, FormReader form) {
  const std::string reason =
      form.Choice("cancellation_reason", {"duplicate", "fraudulent", "requested_by_customer", "abandoned"});
  if (const auto mistake = form.Check()) return Refuse(*mistake);
  const Intent* found = books.FindIntent(id);
  if (found == nullptr) return Refuse(NoSuch("payment_intent", id));
  if (found->status == "succeeded" || found->status == "canceled")
    return Refuse(UnexpectedState(*found, "cancel"));
  Intent canceled = *found;
  canceled.status = "canceled";
  canceled.canceled_at = context.now_s;
  canceled.cancellation_reason = reason;
  return {.answer = {200, Render(canceled)}, .changes = {canceled}};
}

}  // namespace perennial::gateway_simulator::core
