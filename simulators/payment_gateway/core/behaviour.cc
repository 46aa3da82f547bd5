#include "simulators/payment_gateway/core/behaviour.h"

#include <algorithm>
#include <array>

namespace perennial::gateway_simulator::core {
namespace {

// These are error codes themselves: Stripe gives a decline code only with `card_declined`
// (https://docs.stripe.com/error-codes).
constexpr std::array<std::string_view, 10> kOwnErrorCode = {
    "authentication_required", "expired_card",
    "incorrect_cvc",           "incorrect_number",
    "incorrect_zip",           "invalid_cvc",
    "invalid_expiry_month",    "invalid_expiry_year",
    "processing_error",        "card_decline_rate_limit_exceeded",
};

// The rest of https://docs.stripe.com/declines/codes.
constexpr std::array<std::string_view, 38> kDeclineCodes = {
    "approve_with_id",
    "call_issuer",
    "card_not_supported",
    "card_velocity_exceeded",
    "currency_not_supported",
    "do_not_honor",
    "do_not_try_again",
    "duplicate_transaction",
    "fraudulent",
    "generic_decline",
    "highest_risk_level",
    "incorrect_address",
    "incorrect_pin",
    "insufficient_funds",
    "invalid_account",
    "invalid_amount",
    "invalid_number",
    "issuer_not_available",
    "lost_card",
    "merchant_blacklist",
    "mobile_device_authentication_required",
    "new_account_information_available",
    "no_action_taken",
    "not_permitted",
    "pickup_card",
    "pin_try_exceeded",
    "reenter_transaction",
    "restricted_card",
    "revocation_of_all_authorizations",
    "revocation_of_authorization",
    "security_violation",
    "service_not_allowed",
    "stolen_card",
    "stop_payment_order",
    "testmode_decline",
    "transaction_not_allowed",
    "try_again_later",
    "withdrawal_count_limit_exceeded",
};

template <typename List>
bool Contains(const List& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

std::string MessageFor(std::string_view decline) {
  if (decline == "insufficient_funds") return "Your card has insufficient funds.";
  if (decline == "expired_card") return "Your card has expired.";
  if (decline == "incorrect_cvc") return "Your card's security code is incorrect.";
  if (decline == "processing_error") return "An error occurred while processing your card. Try again later.";
  if (decline == "authentication_required") {
    return "Your card was declined. This transaction requires authentication.";
  }
  return "Your card was declined.";
}

}  // namespace

bool IsDeclineCode(std::string_view code) {
  return Contains(kDeclineCodes, code) || Contains(kOwnErrorCode, code);
}

std::optional<Behaviour> BehaviourNamed(std::string_view name) {
  if (name == "succeeds") return Behaviour{};
  if (name == "decline_after_attaching") return Behaviour{.decline = "generic_decline"};
  if (name == "authentication_unless_set_up")
    return Behaviour{.decline = "", .authentication = Authentication::kUnlessSetUp};
  if (name == "authentication_always")
    return Behaviour{.decline = "", .authentication = Authentication::kAlways};
  if (name == "authentication_then_insufficient_funds") {
    return Behaviour{.decline = "insufficient_funds", .authentication = Authentication::kAlways};
  }
  if (IsDeclineCode(name)) return Behaviour{.decline = std::string(name), .attaches = false};
  return std::nullopt;
}

CardErrorFields DeclineFields(std::string_view decline) {
  CardErrorFields fields{
      .code = "card_declined", .decline_code = std::string(decline), .message = MessageFor(decline)};
  if (Contains(kOwnErrorCode, decline)) {
    fields.code = decline;
    if (decline != "authentication_required") fields.decline_code.clear();
  }
  if (decline == "incorrect_cvc") fields.param = "cvc";
  return fields;
}

}  // namespace perennial::gateway_simulator::core
