#include "services/payment_token/gateways/stripe_gateway.h"

#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/services/payment_token/gateways/simulator_process.h"
#include "tests/services/payment_token/world.h"

namespace perennial::payment_token {
namespace {

using nlohmann::json;

struct Stripe {
  SimulatorProcess simulator;
  telemetry::Metrics gateway_metrics;
  StripeGateway stripe{
      {simulator.url(), SimulatorProcess::kApiKey, "https://shop.example/payments", absl::Milliseconds(400)},
      gateway_metrics};
};

// The whole service over the real adapter and a gateway in a process of its own.
struct Fixture : Stripe, World {
  Fixture() : World(stripe) {}

  json Books() { return json::parse(simulator.Control("GET", "books")); }
  void Fault(const json& fault) { simulator.Control("POST", "faults", fault.dump()); }
  int CapturesOf(const core::ChargeRequest& request) {
    int count = 0;
    const json books = Books();
    for (const json& entry : books["captures"]["list"])
      count += entry["metadata"]["charge_id"] == request.id.ToString() ? 1 : 0;
    return count;
  }
  // Asks as the job does, until the charge is final.
  core::Charge Finish(const core::ChargeRequest& request) {
    core::Charge charge = Get(request);
    for (int i = 0; i < 2000 && !core::IsFinal(charge.state); ++i) {
      clock.Advance(absl::Seconds(21));
      charge = Get(request);
    }
    return charge;
  }
};

TEST_CASE_METHOD(Fixture, "a card goes in, is charged, refunded, and leaves the gateway with its account") {
  const auto method = AddCard("4000 0025 0000 0003");
  CHECK(method.card.brand == core::CardBrand::kVisa);
  CHECK(method.card.last_four == "0003");
  CHECK(method.card.country_code == "FR");
  CHECK(method.card.funding == core::CardFunding::kCredit);
  core::ChargeRequest request = Request(12345);
  request.description = "Gold & Zoë's site, 12 months";
  CHECK(Take(request).state == core::ChargeState::kSucceeded);
  const core::RefundRequest refund = RefundOf(request, Money{"EUR", 345});
  REQUIRE_OK(charges.OpenRefund(refund));
  CHECK(charges.DriveRefund(refund.id)->state == core::RefundState::kSucceeded);
  json books = Books();
  CHECK(books["captures"]["sums"]["eur"] == 12345);
  CHECK(books["refunds"]["sums"]["eur"] == 345);
  CHECK(books["captures"]["list"][0]["metadata"]["order"] == request.order_id.ToString());
  CHECK(books["attached_payment_methods"] == 1);
  REQUIRE_OK(methods.DeleteAccount(account));
  CHECK(*methods.DetachDue() == 2);
  books = Books();
  CHECK(books["attached_payment_methods"] == 0);
  CHECK(books["customers"] == 0);
}

TEST_CASE_METHOD(Fixture, "a removal that is refused counts only if what is to go is seen gone (R22, R7)") {
  AddCard();
  const auto customer = stripe.CreateCustomer(account);
  REQUIRE(std::holds_alternative<std::string>(customer));
  const std::string id = std::get<std::string>(customer);
  const auto card = stripe.Tokenise(CardOf("5555555555554444"), ids.Next());
  REQUIRE(std::holds_alternative<GatewayCard>(card));
  // One that nobody has attached is as good as gone.
  CHECK(stripe.Detach(std::get<GatewayCard>(card).token) == RemovalOutcome::kGone);
  REQUIRE(std::holds_alternative<GatewayCard>(stripe.Attach(std::get<GatewayCard>(card), id, ids.Next())));
  const std::string token = std::get<GatewayCard>(card).token;
  // Twice: the answer of the first time may have been lost.
  for (int i = 0; i < 2; ++i) CHECK(stripe.Detach(token) == RemovalOutcome::kGone);
  for (int i = 0; i < 2; ++i) CHECK(stripe.DeleteCustomer(id) == RemovalOutcome::kGone);
  // As with the key of another account: nothing is known of it there.
  CHECK(stripe.Detach("pm_of_another_account") == RemovalOutcome::kTryAgain);
  CHECK(stripe.DeleteCustomer("cus_of_another_account") == RemovalOutcome::kTryAgain);
}

TEST_CASE_METHOD(Fixture, "whatever the gateway does to a charge, it captures exactly once (R23)") {
  AddCard();
  for (const json& fault : std::vector<json>{{{"action", "timeout_after_capture"}},
                                             {{"action", "timeout_after_capture"}, {"ms", 5000}},
                                             {{"action", "drop_connection"}},
                                             {{"action", "error_500_before"}},
                                             {{"action", "error_500_before"}, {"count", 3}},
                                             {{"action", "error_500_after"}},
                                             {{"action", "late"}, {"ms", 800}},
                                             {{"action", "sent_twice"}},
                                             {{"action", "sent_twice_at_once"}},
                                             {{"action", "answered_twice"}},
                                             {{"action", "lock_timeout"}}}) {
    INFO(fault.dump());
    Fault(fault);
    const core::ChargeRequest request = Request();
    // Where a kept connection breaks, libcurl repeats the request by itself, under the same key.
    const core::ChargeState first = Take(request).state;
    const bool refused_unheard = fault["action"] == "lock_timeout" && first == core::ChargeState::kPending;
    CHECK(
        (first == core::ChargeState::kUnknown || first == core::ChargeState::kSucceeded || refused_unheard));
    CHECK(Finish(request).state == core::ChargeState::kSucceeded);
    CHECK(CapturesOf(request) == 1);
    CHECK(Get(request).gateway_reference.substr(0, 3) == "pi_");
    simulator.Control("DELETE", "faults");
  }
}

// The trap: the second answer waits on the kept connection and is read as that of the next request, and so
// on.
TEST_CASE_METHOD(Fixture, "an answer that comes twice is not taken for that of the next charge (R23)") {
  AddCard();
  for (const int ms : {0, 1, 30}) {
    for (const bool declined : {true, false}) {
      INFO(ms << " ms, " << (declined ? "declined" : "captured"));
      Fault({{"action", "answered_twice"}, {"ms", ms}});
      if (declined) Fault({{"action", "decline"}, {"code", "insufficient_funds"}, {"count", 1}});
      std::vector<core::ChargeRequest> requests;
      for (int i = 0; i < 4; ++i) {
        requests.push_back(Request(1000 + i));
        Take(requests.back());
      }
      int captures = 0;
      for (const core::ChargeRequest& request : requests) {
        const core::Charge charge = Finish(request);
        REQUIRE(core::IsFinal(charge.state));
        CHECK(CapturesOf(request) == (charge.state == core::ChargeState::kSucceeded ? 1 : 0));
        captures += CapturesOf(request);
        const json books = Books();
        for (const json& entry : books["captures"]["list"]) {
          if (entry["payment_intent"] == charge.gateway_reference)
            CHECK(entry["metadata"]["charge_id"] == request.id.ToString());
        }
      }
      CHECK(captures >= 3);
      simulator.Control("DELETE", "faults");
    }
  }
}

TEST_CASE_METHOD(
    Fixture, "a request that libcurl repeats and that is then refused may have arrived all the same (R23)") {
  const auto method = AddCard();
  Take(Request());  // leaves a kept connection behind
  Fault({{"action", "timeout_after_capture"}});
  Fault({{"action", "lock_timeout"}});
  const core::ChargeRequest request = Request();
  Take(request);
  REQUIRE(CapturesOf(request) == 1);
  REQUIRE_OK(methods.Remove(Customer(), account, method.id));
  CHECK(Finish(request).state == core::ChargeState::kSucceeded);
}

TEST_CASE_METHOD(Fixture, "a refund is given once as well, whatever happens") {
  AddCard();
  const core::ChargeRequest request = Request(10'000);
  Take(request);
  int64_t given = 0;
  for (const char* action :
       {"timeout_after_capture", "drop_connection", "error_500_before", "error_500_after", "sent_twice",
        "sent_twice_at_once", "answered_twice", "lock_timeout"}) {
    INFO(action);
    Fault({{"action", action}, {"match", {{"path", "/v1/refunds"}}}});
    const core::RefundRequest refund = RefundOf(request, Money{"EUR", 1000});
    REQUIRE_OK(charges.OpenRefund(refund));
    CHECK(charges.DriveRefund(refund.id)->state != core::RefundState::kFailed);
    clock.Advance(absl::Seconds(21));
    CHECK(charges.DriveRefund(refund.id)->state == core::RefundState::kSucceeded);
    given += 1000;
    CHECK(Books()["refunds"]["sums"]["eur"] == given);
  }
}

TEST_CASE_METHOD(Fixture, "a gateway that is killed and comes back captures exactly once (R23)") {
  AddCard();
  CHECK(Take(Request()).state == core::ChargeState::kSucceeded);  // leaves a kept connection behind
  simulator.Kill();
  const core::ChargeRequest request = Request();
  CHECK_FALSE(core::IsFinal(Take(request).state));
  clock.Advance(absl::Seconds(21));
  CHECK_FALSE(core::IsFinal(Get(request).state));
  simulator.Start();
  CHECK(Finish(request).state == core::ChargeState::kSucceeded);
  CHECK(CapturesOf(request) == 1);
}

TEST_CASE_METHOD(Fixture,
                 "a gateway that cannot be reached leaves a charge unsent, and the customer may delete") {
  const auto method = AddCard();
  simulator.Kill();
  std::thread([&] {  // a thread without a kept connection
    const core::ChargeRequest request = Request();
    CHECK(Take(request).state == core::ChargeState::kPending);
    REQUIRE_OK(methods.Remove(Customer(), account, method.id));
    clock.Advance(absl::Seconds(21));
    CHECK(Get(request).decline_code == core::kMethodRemoved);
  })
      .join();
}

TEST_CASE_METHOD(Fixture, "the bank's refusals keep their code and class") {
  AddCard("4000000000000341");
  const core::Charge declined = Take(Request());
  CHECK(declined.state == core::ChargeState::kDeclined);
  CHECK(declined.decline_class == core::DeclineClass::kSoft);
  CHECK(declined.gateway_reference.substr(0, 3) == "pi_");
  for (const auto& [code, expected] : std::map<std::string, core::DeclineClass>{
           {"insufficient_funds", core::DeclineClass::kSoft},
           {"lost_card", core::DeclineClass::kHard},
           {"expired_card", core::DeclineClass::kCustomerAction},
           {"authentication_required", core::DeclineClass::kCustomerAction}}) {
    Fault({{"action", "decline"}, {"code", code}});
    const core::Charge charge = Take(Request());
    CHECK(charge.decline_code == code);
    CHECK(charge.decline_class == expected);
  }
  CHECK(Books()["captures"]["count"] == 0);
}

TEST_CASE_METHOD(Fixture, "a challenge on session opens the card for renewals off session (R24)") {
  AddCard("4000002500003155");
  CHECK(Take(Request()).decline_code == "authentication_required");
  core::ChargeRequest request = Request();
  request.off_session = false;
  const core::Charge waiting = Take(request);
  CHECK(waiting.state == core::ChargeState::kRequiresAction);
  CHECK(waiting.action_url.substr(0, simulator.url().size()) == simulator.url());
  simulator.Control("POST", "authentications",
                    json{{"payment_intent", waiting.gateway_reference}, {"outcome", "succeed"}}.dump());
  clock.Advance(absl::Seconds(3));
  CHECK(Get(request).state == core::ChargeState::kSucceeded);
  CHECK(Take(Request()).state == core::ChargeState::kSucceeded);
}

TEST_CASE_METHOD(Fixture, "a challenge that fails, or is not answered in a day, takes nothing") {
  AddCard("4000002760003184");
  core::ChargeRequest failing = Request();
  failing.off_session = false;
  simulator.Control("POST", "authentications",
                    json{{"payment_intent", Take(failing).gateway_reference}, {"outcome", "fail"}}.dump());
  clock.Advance(absl::Seconds(3));
  CHECK(Get(failing).decline_class == core::DeclineClass::kCustomerAction);
  core::ChargeRequest forgotten = Request();
  forgotten.off_session = false;
  CHECK(Take(forgotten).state == core::ChargeState::kRequiresAction);
  clock.Advance(absl::Hours(24));
  CHECK(Get(forgotten).decline_code == core::kActionExpired);
  CHECK(Books()["captures"]["count"] == 0);
}

TEST_CASE_METHOD(Fixture,
                 "a challenge that is given up cannot be answered any more, whatever is lost on the way") {
  AddCard("4000002760003184");
  for (const char* action :
       {"", "timeout_after_capture", "drop_connection", "error_500_before", "error_500_after"}) {
    INFO(action);
    core::ChargeRequest request = Request();
    request.off_session = false;
    const core::Charge waiting = Take(request);
    REQUIRE(waiting.state == core::ChargeState::kRequiresAction);
    const std::string path = "/v1/payment_intents/" + waiting.gateway_reference + "/cancel";
    if (*action != 0) Fault({{"action", action}, {"match", {{"path", path}}}});
    Cancel(request);
    CHECK(Finish(request).decline_code == core::kCanceled);
    CHECK_THROWS(simulator.Control(
        "POST", "authentications",
        json{{"payment_intent", waiting.gateway_reference}, {"outcome", "succeed"}}.dump()));
    simulator.Control("DELETE", "faults");
  }
  CHECK(Books()["captures"]["count"] == 0);
}

TEST_CASE_METHOD(Fixture,
                 "what the gateway took before it was given up is found again, and stays taken (R23)") {
  AddCard();
  Fault({{"action", "timeout_after_capture"}});
  const core::ChargeRequest request = Request();
  Take(request);
  Cancel(request);
  CHECK(Finish(request).state == core::ChargeState::kSucceeded);
  CHECK(CapturesOf(request) == 1);
}

TEST_CASE_METHOD(Fixture, "a card that is refused is not kept, and says why") {
  const auto refused = [&](absl::string_view number) {
    return methods.Tokenise(Customer(), account, CardOf(number), ids.Next()).status();
  };
  CHECK_REFUSED(refused("4000000000000002"), "CARD_DECLINED");
  CHECK_REFUSED(refused("4000000000009987"), "CARD_DECLINED");
  CHECK(MetadataOf(refused("4000000000009987"))[0].second == "generic_decline");
  CHECK_REFUSED(refused("4000000000000069"), "CARD_DECLINED");
  CHECK_REFUSED(refused("4000000000000127"), "CARD_INVALID");
  CHECK(MetadataOf(refused("4000000000000127"))[0].second == "card.security_code");
  CHECK(Books()["attached_payment_methods"] == 0);
}

TEST_CASE_METHOD(Fixture,
                 "storing a card again with its request id leaves one token, whatever was lost (R22)") {
  for (const char* path : {"/v1/customers", "/v1/payment_methods"}) {
    for (const char* action : {"timeout_after_capture", "drop_connection", "error_500_before"}) {
      INFO(path << " " << action);
      account = ids.Next();
      const int before = Books()["attached_payment_methods"];
      const Uuid request_id = ids.Next();
      Fault({{"action", action}, {"match", {{"path", path}}}});
      // Told to come back, unless libcurl could repeat the request by itself over a new connection.
      const absl::Status attempt = methods.Tokenise(Customer(), account, CardOf(), request_id).status();
      CHECK((attempt.ok() || ReasonOf(attempt) == "GATEWAY_UNAVAILABLE"));
      const auto again = methods.Tokenise(Customer(), account, CardOf(), request_id);
      REQUIRE_OK(again);
      REQUIRE_OK(methods.Add(Customer(), account, *again));
      RunJobs();
      CHECK(Books()["attached_payment_methods"] == before + 1);
    }
  }
}

TEST_CASE_METHOD(Fixture, "a wrong key at the gateway takes nothing and loses nothing") {
  AddCard();
  StripeGateway locked_out({simulator.url(), "sk_wrong_key", "https://shop.example", absl::Milliseconds(400)},
                           gateway_metrics);
  Charges blocked(charge_store, method_store, locked_out, metrics, clock);
  const core::ChargeRequest request = Request();
  const auto opened = blocked.Open({request});
  REQUIRE_OK(opened);
  const auto driven = blocked.Drive({{account, request.id}}, opened->claimed);
  REQUIRE_OK(driven);
  CHECK((*driven)[0]->state == core::ChargeState::kPending);
  CHECK(Finish(request).state == core::ChargeState::kSucceeded);
  CHECK(CapturesOf(request) == 1);
}

TEST_CASE_METHOD(Fixture, "twenty charges at once over kept connections are twenty captures") {
  AddCard();
  std::vector<core::ChargeRequest> requests;
  for (int i = 0; i < 20; ++i) requests.push_back(Request(1000 + i));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = t; i < 20; i += 4) {
        if (!TryTake(requests[i]).ok()) std::abort();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(Books()["captures"]["count"] == 20);
  CHECK(Books()["captures"]["sums"]["eur"] == 20 * 1000 + 190);
}

TEST_CASE_METHOD(Fixture,
                 "whatever the gateway does to parts of a batch, it captures each exactly once (R23)") {
  AddCard();
  for (const json& fault :
       std::vector<json>{{{"action", "decline"}, {"code", "insufficient_funds"}, {"count", 3}},
                         {{"action", "timeout_after_capture"}, {"count", 3}},
                         {{"action", "drop_connection"}, {"count", 3}},
                         {{"action", "error_500_before"}, {"count", 3}},
                         {{"action", "error_500_after"}, {"count", 3}},
                         {{"action", "late"}, {"ms", 800}, {"count", 3}}})
    Fault(fault);
  std::vector<core::ChargeRequest> requests;
  for (int i = 0; i < 20; ++i) {
    requests.push_back(Request(1000 + i));
    requests.back().off_session = false;  // so a card bears twenty
  }
  int declined = 0;
  int succeeded = 0;
  for (const auto& result : TakeAll(requests)) {
    REQUIRE_OK(result);
    declined += result->state == core::ChargeState::kDeclined ? 1 : 0;
    succeeded += result->state == core::ChargeState::kSucceeded ? 1 : 0;
  }
  CHECK(declined == 3);
  CHECK(succeeded >= 2);
  CHECK(succeeded < 17);
  simulator.Control("DELETE", "faults");
  // Those that are late are in use at the gateway for most of a second.
  const auto is_settled = [&] { return Books()["captures"]["count"] == 17 && metrics.charges_ended == 20; };
  for (int i = 0; i < 3900 && !is_settled(); ++i) {
    clock.Advance(absl::Seconds(21));
    REQUIRE_OK(charges.AskDue());
  }
  for (const core::ChargeRequest& request : requests) {
    const bool is_declined = Get(request).state == core::ChargeState::kDeclined;
    CHECK((is_declined || Get(request).state == core::ChargeState::kSucceeded));
    CHECK(CapturesOf(request) == (is_declined ? 0 : 1));
  }
  CHECK(metrics.charges_ended == 20);
}

TEST_CASE_METHOD(Fixture, "what the gateway took and gave back is listed page by page, ours or not") {
  AddCard();
  std::vector<core::ChargeRequest> requests;
  for (int i = 0; i < 5; ++i) {
    requests.push_back(Request(1000 + i));
    Take(requests.back());
  }
  const core::RefundRequest refund = RefundOf(requests[0], Money{"EUR", 300});
  REQUIRE_OK(charges.OpenRefund(refund));
  REQUIRE_OK(charges.DriveRefund(refund.id));
  std::map<std::string, int64_t> taken;
  std::string after;
  for (int page = 0; page < 3; ++page) {
    const auto listed = stripe.ListMovements(MovementKind::kCapture, absl::UnixEpoch(), after, 2);
    const auto& found = std::get<GatewayPage>(listed);
    CHECK(found.next.empty() == (page == 2));
    after = found.next;
    for (const GatewayMovement& movement : found.movements)
      taken[movement.id.value().ToString()] = movement.amount.minor;
  }
  CHECK(taken.size() == 5);
  for (const core::ChargeRequest& request : requests)
    CHECK(taken[request.id.ToString()] == request.amount.minor);
  const auto refunds =
      std::get<GatewayPage>(stripe.ListMovements(MovementKind::kRefund, absl::UnixEpoch(), "", 9));
  REQUIRE(refunds.movements.size() == 1);
  CHECK(refunds.movements[0].id == refund.id);
  CHECK(refunds.movements[0].order_id == requests[0].order_id);
  const absl::Time later = absl::Now() + absl::Hours(1);
  CHECK(std::get<GatewayPage>(stripe.ListMovements(MovementKind::kCapture, later, "", 9)).movements.empty());
  Fault({{"action", "error_500_before"}, {"match", {{"path", "/v1/charges"}, {"method", "GET"}}}});
  CHECK(std::holds_alternative<GatewayAway>(
      stripe.ListMovements(MovementKind::kCapture, absl::UnixEpoch(), "", 9)));
}

}  // namespace
}  // namespace perennial::payment_token
