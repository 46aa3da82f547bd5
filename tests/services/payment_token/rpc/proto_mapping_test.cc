#include "services/payment_token/rpc/proto_mapping.h"

#include <catch2/catch.hpp>

#include "tests/support/status_matchers.h"

namespace perennial::payment_token {
namespace {

TEST_CASE("that a card is lost or stolen stays in the books: the one who holds it may be the thief") {
  core::Charge charge;
  charge.request.amount = {"EUR", 1999};
  charge.state = core::ChargeState::kDeclined;
  charge.decline_class = core::DeclineClass::kHard;
  for (const char* code : {"stolen_card", "lost_card", "fraudulent"}) {
    charge.decline_code = code;
    CHECK(ToProto(charge).decline_code() == "generic_decline");
    CHECK(ToProto(charge).decline_class() == v1::DECLINE_CLASS_HARD);
    CHECK(ToProto(ChargeBook{charge, {}}).charge().decline_code() == code);
  }
  charge.decline_code = "insufficient_funds";
  CHECK(ToProto(charge).decline_code() == "insufficient_funds");
}

TEST_CASE("the answer to a request is no answer to the same request_id with another card") {
  v1::PaymentMethod kept;
  kept.mutable_card()->set_last_four("4242");
  v1::CardEntry entry;
  entry.set_number("4242 4242 4242 4242");
  REQUIRE_OK(CheckSameCard(entry, kept));
  for (const char* other : {"5555555555554444", "", "42"}) {
    entry.set_number(other);
    CHECK_REFUSED(CheckSameCard(entry, kept), "REQUEST_ID_REUSED");
  }
}

}  // namespace
}  // namespace perennial::payment_token
