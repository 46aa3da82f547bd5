// The subset of Stripe's API, as a pure function: books and a request in, a decision out.
//
// A decision changes nothing by itself: gateway.h writes its changes to the journal first and to the
// books afterwards, so that what was answered is what is remembered.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulators/payment_gateway/core/answer.h"
#include "simulators/payment_gateway/core/books.h"
#include "simulators/payment_gateway/core/form.h"

namespace perennial::gateway_simulator::core {

// What a decision needs from the world.
struct Context {
  int64_t now_s = 0;  // Unix time
  std::function<std::string(std::string_view prefix)>
      new_id;  // e.g. "pi_" → "pi_3Mtw…", never the same twice
  std::function<std::string(std::string_view secret)> fingerprint;  // keyed hash of a card number
  std::string forced_decline;  // a fault: the issuer says this, whatever the card
};

struct Request {
  std::string method;
  std::string path;
  Form form;
};

struct Decision {
  Answer answer;
  std::vector<Change> changes;  // in order; to be applied all or none

  // Stripe remembers under an idempotency key only what was executed: not a request that was refused
  // before that (https://docs.stripe.com/api/idempotent_requests).
  bool executed = true;
};

// A refusal that is not remembered under the idempotency key.
Decision Refuse(Answer answer);

// Answers any request under /v1. `route`, if given, is set to the pattern that matched (for logs: a
// path may hold anything), or to "unmatched".
Decision Execute(const Books& books, const Context& context, const Request& request,
                 std::string* route = nullptr);

// The end points; `id` is the one in the path.
Decision CreateCustomer(const Books& books, const Context& context, const std::string& id, FormReader form);
Decision GetCustomer(const Books& books, const Context& context, const std::string& id, FormReader form);
Decision DeleteCustomer(const Books& books, const Context& context, const std::string& id, FormReader form);

Decision CreatePaymentMethod(const Books& books, const Context& context, const std::string& id,
                             FormReader form);
Decision GetPaymentMethod(const Books& books, const Context& context, const std::string& id, FormReader form);
Decision AttachPaymentMethod(const Books& books, const Context& context, const std::string& id,
                             FormReader form);
Decision DetachPaymentMethod(const Books& books, const Context& context, const std::string& id,
                             FormReader form);

Decision CreateIntent(const Books& books, const Context& context, const std::string& id, FormReader form);
Decision GetIntent(const Books& books, const Context& context, const std::string& id, FormReader form);
Decision ListIntents(const Books& books, const Context& context, const std::string& id, FormReader form);
Decision SearchIntents(const Books& books, const Context& context, const std::string& id, FormReader form);
Decision ConfirmIntent(const Books& books, const Context& context, const std::string& id, FormReader form);
Decision CancelIntent(const Books& books, const Context& context, const std::string& id, FormReader form);

Decision ListCharges(const Books& books, const Context& context, const std::string& id, FormReader form);

Decision CreateRefund(const Books& books, const Context& context, const std::string& id, FormReader form);
Decision GetRefund(const Books& books, const Context& context, const std::string& id, FormReader form);
Decision ListRefunds(const Books& books, const Context& context, const std::string& id, FormReader form);

}  // namespace perennial::gateway_simulator::core
