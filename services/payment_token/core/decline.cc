#include "services/payment_token/core/decline.h"

#include <algorithm>
#include <iterator>

namespace perennial::payment_token::core {
namespace {

struct Entry {
  absl::string_view code;
  DeclineClass decline_class;
};

// https://docs.stripe.com/declines/codes and the codes that Stripe never retries by itself. Opaque refusals
// of the bank (do_not_honor, generic_decline) often pass later, so they are soft.
constexpr Entry kClasses[] = {
    // Will not pass with this card, ever.
    {"card_not_supported", DeclineClass::kHard},
    {"currency_not_supported", DeclineClass::kHard},
    {"do_not_try_again", DeclineClass::kHard},
    {"fraudulent", DeclineClass::kHard},
    {"highest_risk_level", DeclineClass::kHard},
    {"incorrect_number", DeclineClass::kHard},
    {"invalid_account", DeclineClass::kHard},
    {"invalid_number", DeclineClass::kHard},
    {"lost_card", DeclineClass::kHard},
    {"merchant_blacklist", DeclineClass::kHard},
    {"not_permitted", DeclineClass::kHard},
    {"pickup_card", DeclineClass::kHard},
    {"restricted_card", DeclineClass::kHard},
    {"revocation_of_all_authorizations", DeclineClass::kHard},
    {"revocation_of_authorization", DeclineClass::kHard},
    {"security_violation", DeclineClass::kHard},
    {"service_not_allowed", DeclineClass::kHard},
    {"stolen_card", DeclineClass::kHard},
    {"stop_payment_order", DeclineClass::kHard},
    {"test_mode_live_card", DeclineClass::kHard},
    {"testmode_decline", DeclineClass::kHard},
    {"transaction_not_allowed", DeclineClass::kHard},
    {kMethodRemoved, DeclineClass::kHard},
    // Passes once the customer has confirmed, corrected or called.
    {"authentication_required", DeclineClass::kCustomerAction},
    {"mobile_device_authentication_required", DeclineClass::kCustomerAction},
    {"payment_intent_authentication_failure", DeclineClass::kCustomerAction},
    {"approve_with_id", DeclineClass::kCustomerAction},
    {"call_issuer", DeclineClass::kCustomerAction},
    {"expired_card", DeclineClass::kCustomerAction},
    {"incorrect_address", DeclineClass::kCustomerAction},
    {"incorrect_cvc", DeclineClass::kCustomerAction},
    {"incorrect_pin", DeclineClass::kCustomerAction},
    {"incorrect_zip", DeclineClass::kCustomerAction},
    {"invalid_cvc", DeclineClass::kCustomerAction},
    {"invalid_expiry_month", DeclineClass::kCustomerAction},
    {"invalid_expiry_year", DeclineClass::kCustomerAction},
    {"new_account_information_available", DeclineClass::kCustomerAction},
    {"pin_try_exceeded", DeclineClass::kCustomerAction},
    {kActionExpired, DeclineClass::kCustomerAction},
    // May pass later with the same card.
    {"card_decline_rate_limit_exceeded", DeclineClass::kSoft},
    {"card_velocity_exceeded", DeclineClass::kSoft},
    {"do_not_honor", DeclineClass::kSoft},
    {"duplicate_transaction", DeclineClass::kSoft},
    {"generic_decline", DeclineClass::kSoft},
    {"insufficient_funds", DeclineClass::kSoft},
    {"issuer_not_available", DeclineClass::kSoft},
    {"no_action_taken", DeclineClass::kSoft},
    {"processing_error", DeclineClass::kSoft},
    {"reenter_transaction", DeclineClass::kSoft},
    {"try_again_later", DeclineClass::kSoft},
    {"withdrawal_count_limit_exceeded", DeclineClass::kSoft},
    {kNeverReceived, DeclineClass::kSoft},
    {kCanceled, DeclineClass::kSoft},
    {kCardExhausted, DeclineClass::kSoft},
};

constexpr absl::string_view kNotForCustomers[] = {
    "fraudulent",  "highest_risk_level", "lost_card",   "merchant_blacklist",
    "pickup_card", "restricted_card",    "stolen_card", "security_violation",
};

}  // namespace

DeclineClass ClassOf(absl::string_view decline_code) {
  const auto* entry = std::find_if(std::begin(kClasses), std::end(kClasses),
                                   [&](const Entry& known) { return known.code == decline_code; });
  return entry == std::end(kClasses) ? DeclineClass::kSoft : entry->decline_class;
}

std::string CodeForCustomer(absl::string_view decline_code) {
  const auto* end = std::end(kNotForCustomers);
  if (std::find(std::begin(kNotForCustomers), end, decline_code) != end) return "generic_decline";
  return std::string(decline_code);
}

}  // namespace perennial::payment_token::core
