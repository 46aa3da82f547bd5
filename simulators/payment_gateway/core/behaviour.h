// How a stored card answers when it is attached or charged.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "simulators/payment_gateway/core/answer.h"

namespace perennial::gateway_simulator::core {

enum class Authentication { kNever, kUnlessSetUp, kAlways };

struct Behaviour {
  std::string decline;   // Stripe's decline code; empty: the charge succeeds
  bool attaches = true;  // false: the decline comes when the card is attached to a customer already
  Authentication authentication = Authentication::kNever;
};

// By name: `succeeds`, a decline code of Stripe's, `decline_after_attaching`,
// `authentication_unless_set_up`, `authentication_always`, `authentication_then_insufficient_funds`.
std::optional<Behaviour> BehaviourNamed(std::string_view name);

bool IsDeclineCode(std::string_view code);

// The code, decline code and message that Stripe's card error carries for a decline.
CardErrorFields DeclineFields(std::string_view decline);

}  // namespace perennial::gateway_simulator::core
