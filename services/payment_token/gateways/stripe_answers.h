#pragma once

#include <optional>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "services/payment_token/app/ports.h"
#include "services/payment_token/gateways/http_client.h"

// What Stripe's answers mean (https://docs.stripe.com/api/errors). Pure functions of status and body.
namespace perennial::payment_token::stripe {

// Why a request came to nothing.
enum class Failure {
  kNotSent,     // it did not arrive, or was refused before anything was done: no connection, 401, 403, 429
  kUnknown,     // it may have been done: time-out, 5xx, an answer that cannot be read
  kReplayed,    // a 5xx given again for the key: asking so will never say more
  kInProgress,  // the same key is being worked on (409)
  kKeyReused,   // the key was used with other parameters
  kCardError,   // the card or its bank; see code
  kMissing,     // what the request names is not there
  kRejected,    // anything else that repeating does not mend; see code
};

struct Error {
  Failure failure = Failure::kUnknown;
  std::string code;       // decline_code, else code, else type
  std::string param;      // "number", "cvc", …
  std::string reference;  // of the payment intent it is about
};

// The answer's body, or why there is none.
using Parsed = std::variant<std::string, Error>;
Parsed Parse(const HttpResult& result);

// The objects of good answers. An object that lacks what we need reads as kUnknown, as OutcomeUnknown, or
// empty.
std::string ReadId(absl::string_view body);
std::variant<GatewayCard, Error> ReadPaymentMethod(absl::string_view body);
// Whether a customer is deleted, or a payment method belongs to no customer any more.
bool IsRemoved(absl::string_view body);
core::ChargeOutcome ReadIntent(absl::string_view body, absl::string_view gateway_url);
core::RefundOutcome ReadRefund(absl::string_view body);
// The intent or refund in a list whose metadata has `key` = `value`; NotThere.
core::ChargeOutcome FindIntent(absl::string_view body, absl::string_view key, absl::string_view value,
                               absl::string_view gateway_url);
// A page of charges or refunds: those that succeeded. `next` is the last one's id if there are more. Nothing
// if it cannot be read whole: a page that lost an entry would look like books that differ.
std::optional<GatewayPage> ReadMovements(absl::string_view body, const char* id_key);
core::RefundOutcome FindRefund(absl::string_view body, absl::string_view key, absl::string_view value);

}  // namespace perennial::payment_token::stripe
