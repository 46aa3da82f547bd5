#include "services/payment_token/gateways/stripe_answers.h"

#include <catch2/catch.hpp>

#include "services/payment_token/gateways/form.h"

namespace perennial::payment_token::stripe {
namespace {

HttpAnswer Answer(int status, const std::string& body, bool replayed = false) {
  return {status, body, "req_1", replayed};
}

Error ErrorOf(const HttpResult& result) {
  const Parsed parsed = Parse(result);
  REQUIRE(std::holds_alternative<Error>(parsed));
  return std::get<Error>(parsed);
}

template <typename T>
T As(const core::ChargeOutcome& outcome) {
  REQUIRE(std::holds_alternative<T>(outcome));
  return std::get<T>(outcome);
}

TEST_CASE("a form is percent-encoded, brackets and multi-byte characters too") {
  Form form;
  form.Add("card[number]", "4242").Add("name", "Zoë & Söhne+1");
  CHECK(form.text() == "card%5Bnumber%5D=4242&name=Zo%C3%AB%20%26%20S%C3%B6hne%2B1");
  CHECK(PercentEncode("metadata['a']:'b'") == "metadata%5B%27a%27%5D%3A%27b%27");
}

TEST_CASE("a card error is a decline by its decline code, else its code, and names the intent") {
  const Error declined = ErrorOf(Answer(402, R"({"error":{"type":"card_error","code":"card_declined",
      "decline_code":"insufficient_funds","payment_intent":{"id":"pi_1"}}})"));
  CHECK(declined.failure == Failure::kCardError);
  CHECK(declined.code == "insufficient_funds");
  CHECK(declined.reference == "pi_1");
  CHECK(ErrorOf(Answer(402, R"({"error":{"type":"card_error","code":"expired_card"}})")).code ==
        "expired_card");
}

TEST_CASE("what may have been done is unknown; what surely was not is not sent") {
  CHECK(ErrorOf(HttpFailure{true, "timeout"}).failure == Failure::kUnknown);
  CHECK(ErrorOf(HttpFailure{false, "refused"}).failure == Failure::kNotSent);
  CHECK(ErrorOf(Answer(500, R"({"error":{"type":"api_error"}})")).failure == Failure::kUnknown);
  CHECK(ErrorOf(Answer(502, "<html>")).failure == Failure::kUnknown);
  CHECK(ErrorOf(Answer(500, "{}", /*replayed=*/true)).failure == Failure::kReplayed);
  CHECK(ErrorOf(Answer(404, "<html>not found</html>")).failure == Failure::kUnknown);
  CHECK(ErrorOf(Answer(302, "")).failure == Failure::kUnknown);
  CHECK(ErrorOf(Answer(429, R"({"error":{"type":"invalid_request_error","code":"rate_limit"}})")).failure ==
        Failure::kNotSent);
  HttpAnswer repeated = Answer(429, R"({"error":{"type":"invalid_request_error","code":"lock_timeout"}})");
  repeated.times_sent = 2;
  CHECK(ErrorOf(repeated).failure == Failure::kUnknown);
  CHECK(ErrorOf(Answer(401, R"({"error":{"type":"invalid_request_error"}})")).failure == Failure::kNotSent);
  CHECK(ErrorOf(Answer(409, R"({"error":{"type":"idempotency_error"}})")).failure == Failure::kInProgress);
  CHECK(ErrorOf(Answer(400, R"({"error":{"type":"idempotency_error"}})")).failure == Failure::kKeyReused);
  CHECK(ErrorOf(Answer(404, R"({"error":{"type":"invalid_request_error","code":"resource_missing"}})"))
            .failure == Failure::kMissing);
  CHECK(ErrorOf(Answer(400, R"({"error":{"type":"invalid_request_error","code":"amount_too_small"}})"))
            .failure == Failure::kRejected);
}

TEST_CASE("an intent's status becomes the charge's outcome") {
  const std::string url = "http://gateway";
  CHECK(As<core::Captured>(ReadIntent(R"({"id":"pi_1","status":"succeeded"})", url)).reference == "pi_1");
  CHECK(As<core::Processing>(ReadIntent(R"({"id":"pi_1","status":"processing"})", url)).reference == "pi_1");
  const auto action = As<core::ActionRequired>(ReadIntent(R"({"id":"pi_1","status":"requires_action",
      "next_action":{"type":"redirect_to_url","redirect_to_url":{"url":"https://bank/3ds"}}})",
                                                          url));
  CHECK(action.url == "https://bank/3ds");
  const auto relative = As<core::ActionRequired>(ReadIntent(R"({"id":"pi_1","status":"requires_action",
      "next_action":{"redirect_to_url":{"url":"/challenge"}}})",
                                                            url));
  CHECK(relative.url == "http://gateway/challenge");
  const auto failed = As<core::Declined>(ReadIntent(R"({"id":"pi_1","status":"requires_payment_method",
      "last_payment_error":{"type":"card_error","code":"card_declined","decline_code":"lost_card"}})",
                                                    url));
  CHECK(failed.code == "lost_card");
  As<core::Declined>(ReadIntent(R"({"id":"pi_1","status":"canceled"})", url));
}

TEST_CASE("an answer that cannot be read is never taken for a refusal or a success") {
  for (const char* body : {"", "{", "null", "[]", "\"succeeded\"", R"({"status":"succeeded"})",
                           R"({"id":7,"status":"succeeded"})", R"({"id":"pi_1"})",
                           R"({"id":"pi_1","status":"new"})", R"({"id":"pi_1","status":["succeeded"]})"}) {
    INFO(body);
    As<core::OutcomeUnknown>(ReadIntent(body, ""));
    CHECK(std::holds_alternative<core::OutcomeUnknown>(ReadRefund(body)));
    As<core::OutcomeUnknown>(FindIntent(body, "charge_id", "c", ""));
  }
  CHECK(std::holds_alternative<Error>(ReadPaymentMethod(R"({"id":"pm_1","card":{"last4":42}})")));
}

TEST_CASE("a list is searched by metadata, and says when nothing is there") {
  const std::string list = R"({"data":[{"id":"pi_0","status":"succeeded","metadata":{}},
      {"id":"pi_1","status":"succeeded","metadata":{"charge_id":"c-1"}}]})";
  CHECK(As<core::Captured>(FindIntent(list, "charge_id", "c-1", "")).reference == "pi_1");
  As<core::NotThere>(FindIntent(list, "charge_id", "c-2", ""));
}

TEST_CASE("a refund's status becomes its outcome") {
  CHECK(std::holds_alternative<core::GivenBack>(ReadRefund(R"({"id":"re_1","status":"succeeded"})")));
  CHECK(std::holds_alternative<core::Processing>(ReadRefund(R"({"id":"re_1","status":"pending"})")));
  const auto failed = ReadRefund(R"({"id":"re_1","status":"failed","failure_reason":"lost_or_stolen_card"})");
  CHECK(std::get<core::Rejected>(failed).code == "lost_or_stolen_card");
}

TEST_CASE("of a payment method only what may be kept is read") {
  const auto read = ReadPaymentMethod(R"({"id":"pm_1","card":{"brand":"amex","last4":"0005","exp_month":2,
      "exp_year":2030,"fingerprint":"fp","country":"US","funding":"debit"}})");
  const GatewayCard& card = std::get<GatewayCard>(read);
  CHECK(card.token == "pm_1");
  CHECK(card.card.brand == core::CardBrand::kAmericanExpress);
  CHECK(card.card.last_four == "0005");
  CHECK(card.card.funding == core::CardFunding::kDebit);
}

TEST_CASE("a token is gone once no customer has it, a customer once it says so, and nothing else is") {
  CHECK(IsRemoved(R"({"id":"pm_1","object":"payment_method","customer":null})"));
  CHECK_FALSE(IsRemoved(R"({"id":"pm_1","object":"payment_method","customer":"cus_1"})"));
  CHECK(IsRemoved(R"({"id":"cus_1","object":"customer","deleted":true})"));
  CHECK_FALSE(IsRemoved(R"({"id":"cus_1","object":"customer"})"));
  CHECK_FALSE(IsRemoved(R"({"object":"payment_method"})"));
  CHECK_FALSE(IsRemoved("<html>"));
}

TEST_CASE("a page of charges tells what was taken, whoever asked for it, and where the next one begins") {
  const std::string id = "b5f0c3a2-1111-4222-8333-444455556666";
  const auto page = ReadMovements(R"({"object":"list","has_more":true,"data":[
      {"id":"ch_3","object":"charge","status":"succeeded","amount":900,"amount_captured":900,"currency":"jpy",
       "created":30,"metadata":{}},
      {"id":"ch_2","object":"charge","status":"failed","amount":5,"currency":"eur","created":20,"metadata":{}},
      {"id":"ch_1","object":"charge","status":"succeeded","amount":700,"amount_captured":600,"currency":"eur",
       "created":10,"metadata":{"charge_id":")" +
                                      id + R"(","order":"no uuid"}}]})",
                                  "charge_id");
  REQUIRE(page);
  REQUIRE(page->movements.size() == 2);
  CHECK_FALSE(page->movements[0].id);
  CHECK(page->movements[0].amount == Money{"JPY", 900});
  CHECK(page->movements[1].id->ToString() == id);
  CHECK_FALSE(page->movements[1].order_id);
  CHECK(page->movements[1].amount == Money{"EUR", 600});
  CHECK(page->movements[1].created_at == absl::FromUnixSeconds(10));
  CHECK(page->next == "ch_1");
  CHECK_FALSE(page->oldest_undecided);
  CHECK(ReadMovements(R"({"data":[],"has_more":false})", "charge_id")->next.empty());
}

TEST_CASE("what the gateway has not decided yet is no movement, but is told from when it is") {
  const auto page = ReadMovements(R"({"object":"list","has_more":false,"data":[
      {"id":"re_3","object":"refund","status":"succeeded","amount":3,"currency":"eur","created":30,"metadata":{}},
      {"id":"re_2","object":"refund","status":"requires_action","amount":2,"currency":"eur","created":20},
      {"id":"re_1","object":"refund","status":"pending","amount":1,"currency":"eur","created":10},
      {"id":"re_0","object":"refund","status":"failed","amount":1,"currency":"eur","created":5}]})",
                                  "refund_id");
  REQUIRE(page);
  CHECK(page->movements.size() == 1);
  CHECK(page->oldest_undecided == absl::FromUnixSeconds(10));
}

TEST_CASE("a page that cannot be read whole is none: an entry lost would look like money lost") {
  CHECK_FALSE(ReadMovements("<html>", "charge_id"));
  CHECK_FALSE(ReadMovements(R"({"data":[]})", "charge_id"));
  CHECK_FALSE(ReadMovements(R"({"has_more":false,"data":[{"object":"charge","created":1}]})", "charge_id"));
}

}  // namespace
}  // namespace perennial::payment_token::stripe
