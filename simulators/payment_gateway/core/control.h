// The simulator's own end points under /_control, beside the faults: what no real gateway has.
#pragma once

#include "simulators/payment_gateway/core/api.h"

namespace perennial::gateway_simulator::core {

// GET /_control/books: all money taken and given back, to count and to compare.
nlohmann::json RenderBooks(const Books& books);

// POST /_control/cards {last4, behaviour, customer?}: stored cards behave differently from now on.
Decision ChangeCards(const Books& books, const nlohmann::json& body);

// POST /_control/authentications {payment_intent, outcome: succeed|fail}: plays the customer in front
// of the bank's challenge (R24). Answers with the intent.
Decision Authenticate(const Books& books, const Context& context, const nlohmann::json& body);

}  // namespace perennial::gateway_simulator::core
