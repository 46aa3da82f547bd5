// Taking money for an intent: the one place where a charge is made.
#pragma once

#include "simulators/payment_gateway/core/api.h"

namespace perennial::gateway_simulator::core {

struct ChargeTerms {
  bool off_session = false;               // the customer is not there to authenticate
  bool authenticated = false;             // the customer has just done so
  bool error_on_requires_action = false;  // decline where authentication would be asked for
};

// Tries to take the intent's amount from its payment method. `intent` is the state to go on from and
// need not be in the books yet; its payment method must be. The decision holds the intent's new
// state, the charge, and Stripe's answer: the intent, or a card error that carries it.
Decision TakeMoney(const Books& books, const Context& context, Intent intent, const ChargeTerms& terms);

// The customer's answer to the bank's challenge of an intent in `requires_action`.
Decision FinishAuthentication(const Books& books, const Context& context, const Intent& intent,
                              bool succeeds);

}  // namespace perennial::gateway_simulator::core
