#include <catch2/catch.hpp>

#include "simulators/payment_gateway/core/behaviour.h"
#include "simulators/payment_gateway/core/card.h"
#include "tests/simulators/payment_gateway/world.h"

namespace perennial::gateway_simulator::core {
namespace {

TEST_CASE(
    "A test card becomes a payment method with brand, last four, expiry and country, and no number (R21)") {
  World world;
  const Answer answer = world.CreateCard("5555 5555 5555 4444", "7", "31");
  REQUIRE(answer.status == 200);
  const nlohmann::json& card = answer.body["card"];
  CHECK(card["brand"] == "mastercard");
  CHECK(card["last4"] == "4444");
  CHECK(card["exp_month"] == 7);
  CHECK(card["exp_year"] == 2031);
  CHECK(card["funding"] == "credit");
  CHECK(card["country"] == "US");
  CHECK(answer.body.dump().find("55555555") == std::string::npos);
  const std::string stored = ToJson(world.books.PaymentMethods()[0]).dump();
  CHECK(stored.find("55555555") == std::string::npos);
  CHECK(stored.find("\"123\"") == std::string::npos);
}

TEST_CASE("A mistake in the card is a card error that names the field") {
  World world;
  const auto [number, month, year, cvc, code] =
      GENERATE(table<std::string, std::string, std::string, std::string, std::string>({
          {"4242424242424241", "12", "2034", "123", "incorrect_number"},
          {"4242", "12", "2034", "123", "invalid_number"},
          {"4242abcd42424242", "12", "2034", "123", "invalid_number"},
          {"42424242424242424242", "12", "2034", "123", "invalid_number"},
          {"4242424242424242", "13", "2034", "123", "invalid_expiry_month"},
          {"4242424242424242", "0", "2034", "123", "invalid_expiry_month"},
          {"4242424242424242", "12", "2026", "123", "invalid_expiry_year"},
          {"4242424242424242", "12", "2078", "123", "invalid_expiry_year"},
          {"4242424242424242", "12", "-1", "123", "invalid_expiry_year"},
          {"4242424242424242", "12", "2034", "12", "invalid_cvc"},
          {"4242424242424242", "12", "2034", "12345", "invalid_cvc"},
          {"4000000000000010000", "12", "2034", "123", "incorrect_number"},
      }));
  const Answer answer = world.CreateCard(number, month, year, cvc);
  CAPTURE(number, month, year, cvc);
  CHECK(answer.status == 402);
  CHECK(Type(answer) == "card_error");
  CHECK(Code(answer) == code);
  CHECK(world.books.PaymentMethods().size() == 0);
}

TEST_CASE("A card is good through the whole of its last month, and not after") {
  CHECK_FALSE(HasExpired(1, 2027, kNow));
  CHECK(HasExpired(12, 2026, kNow));
  CHECK_FALSE(HasExpired(1, 2027, 1801439999));  // 31 January 2027, 23:59:59 UTC
  CHECK(HasExpired(1, 2027, 1801440000));        // 1 February 2027
  World world;
  CHECK(world.CreateCard("4242424242424242", "1", "2027").status == 200);
  world.context.now_s = 1801440000;
  CHECK(Code(world.CreateCard("4242424242424242", "1", "2027")) == "invalid_expiry_month");
}

TEST_CASE("A number that is valid but no test card is declined as a live card in test mode") {
  World world;
  const Answer answer = world.CreateCard("4539578763621486");
  CHECK(answer.status == 402);
  CHECK(Code(answer) == "card_declined");
  CHECK(DeclineCode(answer) == "test_mode_live_card");
}

TEST_CASE("Other digits of the account make another card of the same kind; all others are no test cards") {
  const auto behaviour_of = [](const char* number) -> std::string {
    CardData data{.number = number, .exp_month = 12, .exp_year = 2034, .cvc = ""};
    const Expected<TestCard> card = CheckCard(data, kNow);
    return card.ok() ? std::string(card.value().behaviour) : "";
  };
  CHECK(behaviour_of("4242420000004242") == "succeeds");
  CHECK(behaviour_of("4000001234550341") == "decline_after_attaching");
  CHECK(behaviour_of("4000001234570341").empty());    // fails Luhn
  CHECK(behaviour_of("4242430000094242").empty());    // another issuer
  CHECK(behaviour_of("4242420000094243").empty());    // other last digits
  CHECK(behaviour_of("424242000000004242").empty());  // longer
}

TEST_CASE("Every public test card is known, passes Luhn and has a behaviour") {
  const auto number = GENERATE(
      "4242424242424242", "4012888888881881", "4000056655665556", "5555555555554444", "2223003122003222",
      "5200828282828210", "5105105105105100", "378282246310005", "371449635398431", "6011111111111117",
      "6011000990139424", "3056930009020004", "36227206271667", "3566002020360505", "6200000000000005",
      "4000002500000003", "4000002760000016", "4000008260000000", "4000007240000007", "4000003800000008",
      "4000000000000002", "4000000000009995", "4000000000009987", "4000000000009979", "4000000000000069",
      "4000000000000127", "4000000000000119", "4000000000006975", "4000000000000341", "4000002500003155",
      "4000002760003184", "4000008260003178");
  CAPTURE(number);
  CHECK(PassesLuhn(number));
  CardData data{.number = number, .exp_month = 12, .exp_year = 2034, .cvc = ""};
  const Expected<TestCard> card = CheckCard(data, kNow);
  REQUIRE(card.ok());
  CHECK(BehaviourNamed(card.value().behaviour));
}

TEST_CASE("Stripe's declining cards fail when attached, each with its code; 0341 only when charged") {
  World world;
  const std::string customer = world.Customer();
  const auto [number, code, decline] = GENERATE(table<std::string, std::string, std::string>({
      {"4000000000000002", "card_declined", "generic_decline"},
      {"4000000000009995", "card_declined", "insufficient_funds"},
      {"4000000000009987", "card_declined", "lost_card"},
      {"4000000000009979", "card_declined", "stolen_card"},
      {"4000000000000069", "expired_card", ""},
      {"4000000000000127", "incorrect_cvc", ""},
      {"4000000000000119", "processing_error", ""},
      {"4000000000006975", "card_declined", "card_velocity_exceeded"},
  }));
  CAPTURE(number);
  const Answer created = world.CreateCard(number);
  REQUIRE(created.status == 200);
  const std::string method = created.body["id"];
  const Answer attached = world.Attach(method, customer);
  CHECK(attached.status == 402);
  CHECK(Code(attached) == code);
  CHECK(DeclineCode(attached) == decline);
  CHECK(world.books.FindPaymentMethod(method)->customer.empty());

  const Answer charged = world.ChargeCard("", method);
  CHECK(charged.status == 402);
  CHECK(Code(charged) == code);

  const std::string late = world.AttachedCard(customer, "4000000000000341");
  CHECK(world.books.FindPaymentMethod(late)->customer == customer);
  CHECK(DeclineCode(world.ChargeCard(customer, late)) == "generic_decline");
}

}  // namespace
}  // namespace perennial::gateway_simulator::core
