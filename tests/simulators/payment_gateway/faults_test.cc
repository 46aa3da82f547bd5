#include "simulators/payment_gateway/core/faults.h"

#include <catch2/catch.hpp>

#include "tests/simulators/payment_gateway/world.h"

namespace perennial::gateway_simulator::core {
namespace {

Fault Parsed(const nlohmann::json& body) {
  const Expected<Fault> fault = ParseFault(body);
  REQUIRE(fault.ok());
  return fault.value();
}

TEST_CASE("A fault hits as often as it was told, and only charges unless told otherwise") {
  FaultPlan plan;
  plan.Add(Parsed({{"action", "error_500_before"}, {"count", 2}}));
  const RequestFacts charge{.method = "POST", .path = "/v1/payment_intents"};
  CHECK_FALSE(plan.Take({.method = "GET", .path = "/v1/payment_intents/pi_1"}));
  CHECK_FALSE(plan.Take({.method = "POST", .path = "/v1/refunds"}));
  CHECK_FALSE(plan.Take({.method = "POST", .path = "/v1/payment_intentsx"}));
  CHECK(plan.Take(charge));
  CHECK(plan.Take({.method = "POST", .path = "/v1/payment_intents/pi_1/confirm"}));
  CHECK_FALSE(plan.Take(charge));
  plan.Add(Parsed({{"action", "drop_connection"}}));
  plan.Clear();
  CHECK_FALSE(plan.Take(charge));
}

TEST_CASE("A fault finds its requests by card and customer, named directly or through an intent") {
  World world;
  const std::string customer = world.Customer();
  const std::string method = world.AttachedCard(customer, "5555555555554444");
  const std::string intent = world.ChargeCard(customer, method).body["id"];
  const auto hits = [&](const nlohmann::json& match, const Request& request) {
    FaultPlan plan;
    plan.Add(Parsed({{"action", "late"}, {"ms", 1}, {"match", match}}));
    return plan.Take(FactsOf(world.books, request)).has_value();
  };
  const Request charge{"POST", "/v1/payment_intents", world.ChargeForm(customer, method)};
  CHECK(hits({{"payment_method_last4", "4444"}}, charge));
  CHECK_FALSE(hits({{"payment_method_last4", "4242"}}, charge));
  CHECK(hits({{"customer", customer}}, charge));
  CHECK_FALSE(hits({{"customer", "cus_other"}}, charge));
  const Request refund{"POST", "/v1/refunds", {{"payment_intent", intent}}};
  CHECK(hits({{"path", "/v1/refunds"}, {"payment_method_last4", "4444"}, {"customer", customer}}, refund));
  const Request detach{"POST", "/v1/payment_methods/" + method + "/detach", {}};
  CHECK(hits({{"path", "/v1/payment_methods"}, {"payment_method_last4", "4444"}, {"customer", customer}},
             detach));
}

TEST_CASE("A fault that was mistyped is refused, not silently applied to everything") {
  const auto body = GENERATE(
      R"({"action": "explode"})", R"({"action": "decline"})", R"({"action": "decline", "code": "nonsense"})",
      R"({"action": "late", "ms": -1})", R"({"action": "late", "count": 0})",
      R"({"action": "late", "matches": {}})", R"({"action": "late", "match": {"last4": "4242"}})",
      R"({"action": "late", "ms": "1"})", R"([])", R"("late")", R"({})");
  CAPTURE(body);
  const Expected<Fault> fault = ParseFault(nlohmann::json::parse(body));
  REQUIRE_FALSE(fault.ok());
  CHECK(fault.refusal().status == 400);
}

TEST_CASE("A forced decline overrules a good card, when charged and when attached") {
  World world;
  const std::string customer = world.Customer();
  const std::string method = world.AttachedCard(customer);
  const std::string loose = world.CreateCard("4242424242424242").body["id"];
  world.context.forced_decline = "do_not_honor";
  CHECK(DeclineCode(world.ChargeCard(customer, method)) == "do_not_honor");
  CHECK(DeclineCode(world.Attach(loose, customer)) == "do_not_honor");
  CHECK(world.BooksJson()["captures"]["count"] == 0);
}

TEST_CASE("A stored card starts to decline, and recovers, when told to") {
  World world;
  const std::string customer = world.Customer();
  const std::string method = world.AttachedCard(customer);
  const auto change = [&](const nlohmann::json& body) { return world.Take(ChangeCards(world.books, body)); };
  CHECK(change({{"last4", "4242"}, {"behaviour", "insufficient_funds"}}).body["changed"] == 1);
  CHECK(DeclineCode(world.ChargeCard(customer, method)) == "insufficient_funds");
  CHECK(change({{"last4", "4242"}, {"behaviour", "authentication_always"}}).status == 200);
  CHECK(Code(world.ChargeCard(customer, method)) == "authentication_required");
  CHECK(change({{"last4", "4242"}, {"behaviour", "succeeds"}, {"customer", customer}}).status == 200);
  CHECK(world.ChargeCard(customer, method).status == 200);

  CHECK(change({{"last4", "4242"}, {"behaviour", "succeeds"}, {"customer", "cus_other"}}).status == 404);
  CHECK(change({{"last4", "0000"}, {"behaviour", "succeeds"}}).status == 404);
  CHECK(change({{"last4", "4242"}, {"behaviour", "maybe"}}).status == 400);
  CHECK(change({{"last4", 4242}, {"behaviour", "succeeds"}}).status == 400);
  CHECK(change(nullptr).status == 400);
}

}  // namespace
}  // namespace perennial::gateway_simulator::core
