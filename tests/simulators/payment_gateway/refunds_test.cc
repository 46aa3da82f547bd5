#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "tests/simulators/payment_gateway/world.h"

namespace perennial::gateway_simulator::core {
namespace {

Answer GiveBack(World& world, const std::string& intent, const std::string& amount = "") {
  Form form{{"payment_intent", intent}, {"reason", "requested_by_customer"}, {"metadata[refund_id]", "r"}};
  if (!amount.empty()) form["amount"] = amount;
  return world.Post("/v1/refunds", form);
}

TEST_CASE("A charge is refunded in parts, then the rest, and never more than was taken") {
  World world;
  const std::string customer = world.Customer();
  const std::string intent = world.ChargeCard(customer, world.AttachedCard(customer), 1000).body["id"];
  const Answer part = GiveBack(world, intent, "300");
  REQUIRE(part.status == 200);
  CHECK(part.body["amount"] == 300);
  CHECK(part.body["status"] == "succeeded");
  CHECK(GiveBack(world, intent, "701").status == 400);
  CHECK_FALSE(world.last_executed);
  CHECK(GiveBack(world, intent, "0").status == 400);
  CHECK(GiveBack(world, intent, "-1").status == 400);
  const Answer rest = GiveBack(world, intent);
  CHECK(rest.body["amount"] == 700);
  CHECK(Code(GiveBack(world, intent)) == "charge_already_refunded");

  const nlohmann::json refunds = world.BooksJson()["refunds"];
  CHECK(refunds["count"] == 2);
  CHECK(refunds["sums"]["eur"] == 1000);
  CHECK(world.Get("/v1/refunds/" + part.body["id"].get<std::string>()).body == part.body);
  CHECK(world.Get("/v1/refunds", {{"payment_intent", intent}}).body["data"].size() == 2);
  CHECK(world.Get("/v1/refunds", {{"payment_intent", "pi_none"}}).body["data"].empty());
}

TEST_CASE("Charges and refunds are listed by the second, newest first, page by page") {
  World world;
  const std::string customer = world.Customer();
  const std::string card = world.AttachedCard(customer);
  std::vector<std::string> made;
  for (int i = 0; i < 5; ++i) {
    world.context.now_s = kNow + 10 * i;
    Form form = world.ChargeForm(customer, card);
    form["metadata[charge_id]"] = "c" + std::to_string(i);
    const nlohmann::json intent = world.Post("/v1/payment_intents", form).body;
    made.insert(made.begin(), intent["latest_charge"]);
    GiveBack(world, intent["id"], "100");
  }
  world.ChargeCard(customer, world.AttachedCard(customer, "4000000000000341"));
  const auto list = [&](const std::string& path, const Form& form) {
    std::vector<std::string> ids;
    const nlohmann::json data = world.Get(path, form).body["data"];
    for (const auto& entry : data) ids.push_back(entry["id"]);
    return ids;
  };
  const Form later{{"created[gte]", std::to_string(kNow + 10)}, {"created[lt]", std::to_string(kNow + 40)}};
  CHECK(list("/v1/charges", later) == std::vector<std::string>{made[1], made[2], made[3]});
  Form page = later;
  page["limit"] = "2";
  CHECK(world.Get("/v1/charges", page).body["has_more"] == true);
  page["starting_after"] = made[2];
  CHECK(list("/v1/charges", page) == std::vector<std::string>{made[3]});
  CHECK(world.Get("/v1/charges", page).body["has_more"] == false);
  CHECK(list("/v1/refunds", later).size() == 3);
  CHECK(list("/v1/payment_intents", later).size() == 3);
  const nlohmann::json all = world.Get("/v1/charges").body["data"];
  CHECK(all[0]["status"] == "failed");
  CHECK(all[0]["captured"] == false);
  CHECK(all[1]["status"] == "succeeded");
  CHECK(all[1]["metadata"]["charge_id"] == "c4");
  CHECK(all[1]["amount_captured"] == 1000);
}

TEST_CASE("What was never captured cannot be refunded") {
  World world;
  const std::string customer = world.Customer();
  const Answer declined = world.ChargeCard(customer, world.AttachedCard(customer, "4000000000000341"));
  CHECK(GiveBack(world, declined.body["error"]["payment_intent"]["id"]).status == 400);
  CHECK(Code(GiveBack(world, "pi_none")) == "resource_missing");
  CHECK(world.BooksJson()["refunds"]["count"] == 0);
}

TEST_CASE("Whatever is charged and refunded, refunds stay within captures and each intent is captured once") {
  rc::check([](const std::vector<std::pair<uint8_t, uint16_t>>& steps) {
    World world;
    const std::string customer = world.Customer();
    const std::string good = world.AttachedCard(customer);
    const std::string bad = world.AttachedCard(customer, "4000000000000341");
    std::vector<std::string> intents{"pi_none"};
    for (const auto& [choice, amount] : steps) {
      if (choice % 4 == 0) {
        const Answer answer = world.ChargeCard(customer, choice % 8 == 0 ? good : bad, amount);
        if (answer.body.contains("id")) intents.push_back(answer.body["id"]);
      } else if (choice % 4 == 1) {
        world.Post("/v1/payment_intents/" + intents[amount % intents.size()] + "/confirm",
                   {{"payment_method", good}});
      } else {
        GiveBack(world, intents[amount % intents.size()], choice % 4 == 2 ? "" : std::to_string(amount));
      }
    }
    std::map<std::string, int64_t> taken;
    for (const Charge& charge : world.books.Charges()) {
      if (charge.captured) RC_ASSERT(taken.emplace(charge.payment_intent, charge.amount).second);
    }
    for (const Refund& refund : world.books.Refunds()) taken[refund.payment_intent] -= refund.amount;
    for (const auto& [intent, left] : taken) RC_ASSERT(left >= 0);
  });
}

}  // namespace
}  // namespace perennial::gateway_simulator::core
