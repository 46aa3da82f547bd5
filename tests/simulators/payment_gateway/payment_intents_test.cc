#include <catch2/catch.hpp>

#include "tests/simulators/payment_gateway/world.h"

namespace perennial::gateway_simulator::core {
namespace {

TEST_CASE("A confirmed intent takes the amount once and shows in the books with its metadata") {
  World world;
  const std::string customer = world.Customer();
  const std::string method = world.AttachedCard(customer);
  Form form = world.ChargeForm(customer, method, 1234);
  form["metadata[charge_id]"] = "c-1";
  const Answer answer = world.Post("/v1/payment_intents", form);
  REQUIRE(answer.status == 200);
  CHECK(answer.body["status"] == "succeeded");
  CHECK(answer.body["amount_received"] == 1234);
  CHECK(answer.body["currency"] == "eur");
  const nlohmann::json captures = world.BooksJson()["captures"];
  CHECK(captures["count"] == 1);
  CHECK(captures["sums"] == nlohmann::json{{"eur", 1234}});
  CHECK(captures["list"][0]["id"] == answer.body["latest_charge"]);
  CHECK(captures["list"][0]["metadata"]["charge_id"] == "c-1");

  const std::string id = answer.body["id"];
  CHECK(world.Get("/v1/payment_intents/" + id).body == answer.body);
  CHECK(Code(world.Post("/v1/payment_intents/" + id + "/confirm")) == "payment_intent_unexpected_state");
  CHECK(Code(world.Post("/v1/payment_intents/" + id + "/cancel")) == "payment_intent_unexpected_state");
  CHECK(world.BooksJson()["captures"]["count"] == 1);
}

TEST_CASE("A declined intent is kept, carries the error, and can be confirmed with another card") {
  World world;
  const std::string customer = world.Customer();
  const std::string bad = world.AttachedCard(customer, "4000000000000341");
  const Answer declined = world.ChargeCard(customer, bad);
  REQUIRE(declined.status == 402);
  CHECK(world.last_executed);
  const nlohmann::json& intent = declined.body["error"]["payment_intent"];
  CHECK(intent["status"] == "requires_payment_method");
  CHECK(intent["payment_method"].is_null());
  CHECK(intent["last_payment_error"]["decline_code"] == "generic_decline");
  CHECK(declined.body["error"]["payment_method"]["id"] == bad);
  CHECK(world.BooksJson()["captures"]["count"] == 0);
  CHECK(world.BooksJson()["declines"]["list"][0]["decline_code"] == "generic_decline");

  const std::string id = intent["id"];
  const Answer paid = world.Post("/v1/payment_intents/" + id + "/confirm",
                                 {{"payment_method", world.AttachedCard(customer)}, {"off_session", "true"}});
  CHECK(paid.body["status"] == "succeeded");
  CHECK(paid.body["last_payment_error"].is_null());
}

TEST_CASE("A request that makes no sense is refused before anything is executed") {
  World world;
  const std::string customer = world.Customer();
  const std::string method = world.AttachedCard(customer);
  Form form = world.ChargeForm(customer, method);
  const auto [name, value, code] = GENERATE(table<std::string, std::string, std::string>({
      {"amount", "0", "parameter_invalid_integer"},
      {"amount", "-5", "parameter_invalid_integer"},
      {"amount", "12.5", "parameter_invalid_integer"},
      {"amount", "99999999999999999999", "parameter_invalid_integer"},
      {"amount", "", "parameter_missing"},
      {"amount", "49", "amount_too_small"},
      {"amount", "100000000", "amount_too_large"},
      {"currency", "euro", ""},
      {"currency", "", "parameter_missing"},
      {"customer", "cus_none", "resource_missing"},
      {"payment_method", "pm_none", "resource_missing"},
      {"payment_method", "", "parameter_missing"},
      {"confirm", "yes", ""},
      {"confirm", "false", ""},
      {"amnt", "5", "parameter_unknown"},
      {"capture_method", "manual", ""},
      {"payment_method_types[0]", "sepa_debit", ""},
  }));
  CAPTURE(name, value);
  form[name] = value;
  const Answer answer = world.Post("/v1/payment_intents", form);
  CHECK(answer.status == 400);
  CHECK(Type(answer) == "invalid_request_error");
  CHECK(Code(answer) == code);
  CHECK_FALSE(world.last_executed);
  CHECK(world.books.Intents().size() == 0);
}

TEST_CASE("A card that is not the customer's, or no longer attached, cannot be charged (R22)") {
  World world;
  const std::string customer = world.Customer();
  const std::string other = world.Customer();
  const std::string method = world.AttachedCard(customer);
  CHECK(world.ChargeCard(other, method).status == 400);
  CHECK(world.ChargeCard("", method).status == 400);
  const std::string loose = world.CreateCard("4242424242424242").body["id"];
  CHECK(world.ChargeCard(customer, loose).status == 400);

  CHECK(world.Post("/v1/payment_methods/" + method + "/detach").body["customer"].is_null());
  CHECK(world.ChargeCard(customer, method).status == 400);
  CHECK(world.Attach(method, customer).status == 400);
  CHECK(world.Post("/v1/payment_methods/" + method + "/detach").status == 400);
  CHECK(world.BooksJson()["captures"]["count"] == 0);
}

TEST_CASE("A card charged without being attached is used up") {
  World world;
  const std::string method = world.CreateCard("4242424242424242").body["id"];
  CHECK(world.ChargeCard("", method).status == 200);
  CHECK(world.ChargeCard("", method).status == 400);
  CHECK(world.Attach(method, world.Customer()).status == 400);
}

TEST_CASE("Attaching twice to one customer is harmless, to another is refused") {
  World world;
  const std::string customer = world.Customer();
  const std::string method = world.AttachedCard(customer);
  CHECK(world.Attach(method, customer).status == 200);
  CHECK(world.Attach(method, world.Customer()).status == 400);
}

TEST_CASE("A deleted customer loses name, address and cards (R7)") {
  World world;
  const std::string customer =
      world.Post("/v1/customers", {{"email", "ada@example.com"}, {"name", "Ada"}}).body["id"];
  const std::string method = world.AttachedCard(customer);
  CHECK(world.Call("DELETE", "/v1/customers/" + customer).body["deleted"] == true);
  CHECK(world.Call("DELETE", "/v1/customers/" + customer).status == 404);
  CHECK(world.books.FindPaymentMethod(method)->spent);
  CHECK(world.books.Customers()[0].email.empty());
  CHECK(world.ChargeCard(customer, method).status == 400);
  CHECK(world.BooksJson()["customers"] == 0);
  CHECK(world.BooksJson()["attached_payment_methods"] == 0);
}

TEST_CASE("A stored card that expires is declined as expired") {
  World world;
  const std::string customer = world.Customer();
  const std::string method = world.AttachedCard(customer);
  world.context.now_s = 2'051'222'400;  // 1 January 2035
  CHECK(Code(world.ChargeCard(customer, method)) == "expired_card");
}

TEST_CASE("Off session, a card that wants authentication is declined with authentication_required (R24)") {
  World world;
  const std::string customer = world.Customer();
  const auto number = GENERATE("4000002500003155", "4000002760003184", "4000008260003178");
  CAPTURE(number);
  const Answer answer = world.ChargeCard(customer, world.AttachedCard(customer, number));
  CHECK(answer.status == 402);
  CHECK(Code(answer) == "authentication_required");
  CHECK(DeclineCode(answer) == "authentication_required");
}

Answer OnSession(World& world, const std::string& customer, const std::string& method) {
  Form form = world.ChargeForm(customer, method);
  form["off_session"] = "false";
  form["setup_future_usage"] = "off_session";
  return world.Post("/v1/payment_intents", form);
}

Answer FinishChallenge(World& world, const std::string& intent, const std::string& outcome) {
  return world.Take(
      Authenticate(world.books, world.context, {{"payment_intent", intent}, {"outcome", outcome}}));
}

TEST_CASE("On session, the challenge decides; once set up, 3155 is good off session and 3184 is not (R24)") {
  World world;
  const std::string customer = world.Customer();
  const auto [number, later] =
      GENERATE(table<std::string, int>({{"4000002500003155", 200}, {"4000002760003184", 402}}));
  CAPTURE(number);
  const std::string method = world.AttachedCard(customer, number);
  const Answer challenged = OnSession(world, customer, method);
  CHECK(challenged.status == 200);
  CHECK(challenged.body["status"] == "requires_action");
  CHECK(challenged.body["next_action"]["type"] == "use_stripe_sdk");
  CHECK(world.BooksJson()["captures"]["count"] == 0);
  CHECK(FinishChallenge(world, challenged.body["id"], "succeed").body["status"] == "succeeded");
  CHECK(FinishChallenge(world, challenged.body["id"], "succeed").status == 400);
  CHECK(world.BooksJson()["captures"]["count"] == 1);
  CHECK(world.ChargeCard(customer, method).status == later);
}

TEST_CASE("A failed challenge, and funds that lack after a passed one, put the intent back") {
  World world;
  const std::string customer = world.Customer();
  const std::string first =
      OnSession(world, customer, world.AttachedCard(customer, "4000002760003184")).body["id"];
  CHECK(Code(FinishChallenge(world, first, "fail")) == "payment_intent_authentication_failure");
  CHECK(world.books.FindIntent(first)->status == "requires_payment_method");
  const std::string second =
      OnSession(world, customer, world.AttachedCard(customer, "4000008260003178")).body["id"];
  CHECK(DeclineCode(FinishChallenge(world, second, "succeed")) == "insufficient_funds");
  CHECK(world.BooksJson()["captures"]["count"] == 0);
}

TEST_CASE("An unconfirmed intent can be confirmed or cancelled, not both") {
  World world;
  const std::string customer = world.Customer();
  Form form = world.ChargeForm(customer, world.AttachedCard(customer));
  form.erase("confirm");
  form.erase("off_session");
  const Answer created = world.Post("/v1/payment_intents", form);
  CHECK(created.body["status"] == "requires_confirmation");
  const std::string path = "/v1/payment_intents/" + created.body["id"].get<std::string>();
  const Answer canceled = world.Post(path + "/cancel", {{"cancellation_reason", "duplicate"}});
  CHECK(canceled.body["status"] == "canceled");
  CHECK(canceled.body["canceled_at"] == kNow);
  CHECK(Code(world.Post(path + "/confirm")) == "payment_intent_unexpected_state");
  CHECK(world.BooksJson()["captures"]["count"] == 0);
}

TEST_CASE("Intents are found again by metadata, status and customer, and listed newest first in pages") {
  World world;
  const std::string customer = world.Customer();
  const std::string method = world.AttachedCard(customer);
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    Form form = world.ChargeForm(customer, method);
    form["metadata[charge_id]"] = "c-" + std::to_string(i);
    ids.push_back(world.Post("/v1/payment_intents", form).body["id"]);
  }
  const auto search = [&](const std::string& query) {
    return world.Get("/v1/payment_intents/search", {{"query", query}});
  };
  const Answer found = search("metadata['charge_id']:'c-1' AND status:'succeeded'");
  REQUIRE(found.body["data"].size() == 1);
  CHECK(found.body["data"][0]["id"] == ids[1]);
  CHECK(found.body["object"] == "search_result");
  CHECK(search("metadata[\"charge_id\"]:\"none\"").body["data"].empty());
  CHECK(search("customer:'" + customer + "'").body["data"].size() == 3);
  for (const char* wrong :
       {"", "amount>1", "metadata['a':'b'", "status:'x' OR status:'y'", "status:'x", "status:x"}) {
    CAPTURE(wrong);
    CHECK(search(wrong).status == 400);
  }

  const Answer page = world.Get("/v1/payment_intents", {{"customer", customer}, {"limit", "2"}});
  REQUIRE(page.body["data"].size() == 2);
  CHECK(page.body["data"][0]["id"] == ids[2]);
  CHECK(page.body["has_more"] == true);
  const Answer next = world.Get("/v1/payment_intents", {{"limit", "2"}, {"starting_after", ids[1]}});
  REQUIRE(next.body["data"].size() == 1);
  CHECK(next.body["data"][0]["id"] == ids[0]);
  CHECK(next.body["has_more"] == false);
  CHECK(world.Get("/v1/payment_intents", {{"starting_after", "pi_none"}}).status == 400);
  CHECK(world.Get("/v1/payment_intents", {{"limit", "0"}}).status == 400);
  CHECK(world.Get("/v1/payment_intents", {{"customer", "cus_none"}}).body["data"].empty());
}

TEST_CASE("Metadata keeps to Stripe's limits") {
  World world;
  CHECK(world.Post("/v1/customers", {{"metadata[" + std::string(40, 'k') + "]", std::string(500, 'v')}})
            .status == 200);
  CHECK(world.Post("/v1/customers", {{"metadata[" + std::string(41, 'k') + "]", "v"}}).status == 400);
  CHECK(world.Post("/v1/customers", {{"metadata[k]", std::string(501, 'v')}}).status == 400);
  Form many;
  for (int i = 0; i < 51; ++i) many["metadata[k" + std::to_string(i) + "]"] = "v";
  CHECK(world.Post("/v1/customers", many).status == 400);
}

TEST_CASE("What is not in the subset is 404, and so is an id that does not exist") {
  World world;
  for (const char* path :
       {"/v1/charges", "/v1/payment_intents/", "/v1/payment_intents/a/b", "/v1", "/", "/v1/customers/"}) {
    CAPTURE(path);
    CHECK(world.Post(path).status == 404);
  }
  for (const char* path :
       {"/v1/payment_intents/pi_none", "/v1/payment_methods/pm_none", "/v1/refunds/re_none"}) {
    const Answer answer = world.Get(path);
    CHECK(answer.status == 404);
    CHECK(Code(answer) == "resource_missing");
  }
}

}  // namespace
}  // namespace perennial::gateway_simulator::core
