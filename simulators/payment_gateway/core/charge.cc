#include "simulators/payment_gateway/core/charge.h"

#include <utility>

#include "simulators/payment_gateway/core/behaviour.h"
#include "simulators/payment_gateway/core/card.h"
#include "simulators/payment_gateway/core/render.h"

namespace perennial::gateway_simulator::core {
namespace {

enum class Verdict { kCaptured, kDeclined, kNeedsAuthentication };

struct Authorization {
  Verdict verdict = Verdict::kCaptured;
  std::string decline;
};

// What the card's issuer says.
Authorization Authorize(const Context& context, const PaymentMethod& method, const ChargeTerms& terms) {
  if (!context.forced_decline.empty()) return {Verdict::kDeclined, context.forced_decline};
  if (HasExpired(method.exp_month, method.exp_year, context.now_s))
    return {Verdict::kDeclined, "expired_card"};
  const Behaviour behaviour = BehaviourNamed(method.behaviour).value_or(Behaviour{});
  const bool wants_authentication =
      behaviour.authentication == Authentication::kAlways ||
      (behaviour.authentication == Authentication::kUnlessSetUp && !method.set_up);
  if (wants_authentication && !terms.authenticated) {
    // Nobody is there to be challenged, so the bank's wish is a decline (R24).
    if (terms.off_session || terms.error_on_requires_action)
      return {Verdict::kDeclined, "authentication_required"};
    return {Verdict::kNeedsAuthentication, ""};
  }
  if (!behaviour.decline.empty()) return {Verdict::kDeclined, behaviour.decline};
  return {Verdict::kCaptured, ""};
}

// Puts the intent back to `requires_payment_method` and answers with the card error.
Decision Fail(const Books& books, Intent intent, CardErrorFields fields, std::vector<Change> changes) {
  const PaymentMethod* method = books.FindPaymentMethod(intent.payment_method);
  fields.payment_method = Render(*method);
  fields.charge = intent.latest_charge;
  intent.last_payment_error = CardError(fields).body["error"];
  intent.status = "requires_payment_method";
  intent.payment_method.clear();
  fields.payment_intent = Render(intent);
  changes.emplace_back(std::move(intent));
  return {.answer = CardError(std::move(fields)), .changes = std::move(changes)};
}

Decision Capture(Intent intent, PaymentMethod method, const ChargeTerms& terms, Charge charge) {
  charge.captured = true;
  intent.status = "succeeded";
  intent.amount_received = intent.amount;
  intent.last_payment_error = nullptr;
  const bool spends = method.customer.empty();
  const bool sets_up = terms.authenticated && intent.setup_future_usage == "off_session";
  Decision decision{.answer = {200, Render(intent)}, .changes = {std::move(intent), std::move(charge)}};
  if (!spends && !sets_up) return decision;
  method.spent = method.spent || spends;
  method.set_up = method.set_up || sets_up;
  decision.changes.emplace_back(std::move(method));
  return decision;
}

}  // namespace

Decision TakeMoney(const Books& books, const Context& context, Intent intent, const ChargeTerms& terms) {
  const PaymentMethod& method = *books.FindPaymentMethod(intent.payment_method);
  const Authorization authorization = Authorize(context, method, terms);
  if (authorization.verdict == Verdict::kNeedsAuthentication) {
    intent.status = "requires_action";
    return {.answer = {200, Render(intent)}, .changes = {intent}};
  }
  Charge charge{.id = context.new_id("ch_"),
                .created = context.now_s,
                .payment_intent = intent.id,
                .customer = intent.customer,
                .payment_method = method.id,
                .last4 = method.last4,
                .amount = intent.amount,
                .currency = intent.currency,
                .captured = false,
                .decline = authorization.decline,
                .metadata = intent.metadata};
  intent.latest_charge = charge.id;
  if (authorization.verdict == Verdict::kDeclined) {
    return Fail(books, std::move(intent), DeclineFields(authorization.decline), {std::move(charge)});
  }
  return Capture(std::move(intent), method, terms, std::move(charge));
}

Decision FinishAuthentication(const Books& books, const Context& context, const Intent& intent,
                              bool succeeds) {
  if (succeeds) return TakeMoney(books, context, intent, {.authenticated = true});
  CardErrorFields fields{.code = "payment_intent_authentication_failure",
                         .message = "The provided PaymentMethod has failed authentication."};
  return Fail(books, intent, std::move(fields), {});
}

}  // namespace perennial::gateway_simulator::core
