#include "services/payment_token/core/decline.h"

#include <catch2/catch.hpp>

namespace perennial::payment_token::core {
namespace {

TEST_CASE("codes that never pass with the card are hard") {
  for (const char* code :
       {"lost_card", "stolen_card", "pickup_card", "incorrect_number", "highest_risk_level",
        "revocation_of_authorization", "revocation_of_all_authorizations", "transaction_not_allowed",
        "payment_method_removed"}) {
    INFO(code);
    CHECK(ClassOf(code) == DeclineClass::kHard);
  }
}

TEST_CASE("codes that the customer can mend ask for the customer") {
  for (const char* code : {"authentication_required", "expired_card", "incorrect_cvc", "call_issuer"}) {
    INFO(code);
    CHECK(ClassOf(code) == DeclineClass::kCustomerAction);
  }
}

TEST_CASE("passing troubles and opaque refusals are soft, and so are codes nobody knows yet") {
  for (const char* code :
       {"insufficient_funds", "try_again_later", "processing_error", "issuer_not_available", "do_not_honor",
        "generic_decline", "a_code_of_next_year", ""}) {
    INFO(code);
    CHECK(ClassOf(code) == DeclineClass::kSoft);
  }
}

TEST_CASE("that a card is stolen is not told to the one who holds it") {
  CHECK(CodeForCustomer("stolen_card") == "generic_decline");
  CHECK(CodeForCustomer("fraudulent") == "generic_decline");
  CHECK(CodeForCustomer("insufficient_funds") == "insufficient_funds");
}

}  // namespace
}  // namespace perennial::payment_token::core
