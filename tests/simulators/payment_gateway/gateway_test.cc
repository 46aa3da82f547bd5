// The gateway on a real folder: what is on disk, and what faults do to it.
#include "simulators/payment_gateway/gateway.h"

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "simulators/payment_gateway/config.h"
#include "tests/simulators/payment_gateway/world.h"

namespace perennial::gateway_simulator {
namespace {

using core::Answer;
using core::Form;
using nlohmann::json;

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gateway-test-XXXXXX").string();
    path = mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }

  std::string Journal() const { return path + "/books.journal"; }
  std::string Read(const std::string& file) const {
    std::ifstream stream(path + "/" + file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  std::string path;
};

class Fixture {
 public:
  Fixture() { Start(); }

  void Start() {
    gateway.reset();
    auto opened = Gateway::Open(folder.path, [] { return core::kNow; });
    REQUIRE(opened.ok());
    gateway = *std::move(opened);
  }

  GatewayReply Send(const std::string& verb, const std::string& path, const Form& form = {},
                    const std::string& key = "") {
    return gateway->Handle({.request = {verb, path, form}, .idempotency_key = key, .body = ""});
  }
  GatewayReply Control(const std::string& verb, const std::string& path, const json& body = nullptr) {
    return gateway->Handle({.request = {verb, path, {}}, .idempotency_key = "", .body = body.dump()});
  }
  json Books() { return Control("GET", "/_control/books").answer.body; }

  void AttachCard(const std::string& number) {
    customer = Send("POST", "/v1/customers").answer.body["id"];
    method = Send("POST", "/v1/payment_methods",
                  {{"type", "card"},
                   {"card[number]", number},
                   {"card[exp_month]", "12"},
                   {"card[exp_year]", "34"},
                   {"card[cvc]", "987"}},
                  "key-of-card")
                 .answer.body["id"];
    Send("POST", "/v1/payment_methods/" + method + "/attach", {{"customer", customer}});
  }
  GatewayReply Charge(const std::string& key, int64_t amount = 500) {
    return Send("POST", "/v1/payment_intents",
                {{"amount", std::to_string(amount)},
                 {"currency", "eur"},
                 {"customer", customer},
                 {"payment_method", method},
                 {"confirm", "true"},
                 {"off_session", "true"}},
                key);
  }

  Folder folder;
  std::unique_ptr<Gateway> gateway;
  std::string customer;
  std::string method;
};

TEST_CASE("Books, keys and changed cards are the same after a restart") {
  Fixture fixture;
  fixture.AttachCard("4242424242424242");
  const Answer paid = fixture.Charge("key-1").answer;
  fixture.Control("POST", "/_control/cards", {{"last4", "4242"}, {"behaviour", "lost_card"}});
  const Answer declined = fixture.Charge("key-2").answer;
  fixture.Send("POST", "/v1/refunds", {{"payment_intent", paid.body["id"]}, {"amount", "100"}}, "key-3");
  const json before = fixture.Books();
  CHECK(before["captures"]["count"] == 1);
  CHECK(before["refunds"]["sums"]["eur"] == 100);

  fixture.Start();
  CHECK(fixture.Books() == before);
  const GatewayReply replayed = fixture.Charge("key-1");
  CHECK(replayed.replayed);
  CHECK(replayed.answer == paid);
  CHECK(fixture.Charge("key-2").answer == declined);
  CHECK(fixture.Charge("key-1", 501).answer.status == 400);
  CHECK(fixture.Charge("key-4").answer.body["error"]["decline_code"] == "lost_card");
  CHECK(fixture.Books()["captures"]["count"] == 1);
}

TEST_CASE("The same card has the same fingerprint, also after a restart, and another elsewhere (R21)") {
  Fixture fixture;
  const auto fingerprint = [](Fixture& where) {
    where.AttachCard("4242424242424242");
    return where.Send("GET", "/v1/payment_methods/" + where.method).answer.body["card"]["fingerprint"];
  };
  const json first = fingerprint(fixture);
  fixture.Start();
  CHECK(fingerprint(fixture) == first);
  Fixture elsewhere;
  CHECK(fingerprint(elsewhere) != first);
}

TEST_CASE("Neither number nor security code reaches the disk, and only the owner can read it (R21)") {
  Fixture fixture;
  fixture.AttachCard("4242424242424242");
  fixture.Charge("key");
  const std::string journal = fixture.folder.Read("books.journal");
  CHECK(journal.find("4242424242424242") == std::string::npos);
  CHECK(journal.find("\"987\"") == std::string::npos);
  CHECK(journal.find("\"last4\":\"4242\"") != std::string::npos);
  for (const char* file : {"books.journal", "hash.key"}) {
    const auto permissions = std::filesystem::status(fixture.folder.path + "/" + file).permissions();
    CHECK((permissions & (std::filesystem::perms::group_all | std::filesystem::perms::others_all)) ==
          std::filesystem::perms::none);
  }
}

TEST_CASE("A line cut off by a crash is dropped; a damaged line stops the start") {
  Fixture fixture;
  fixture.AttachCard("4242424242424242");
  fixture.Charge("key-1");
  fixture.Charge("key-2");
  fixture.gateway.reset();
  const std::string journal = fixture.folder.Read("books.journal");

  SECTION("cut off in the last line") {
    std::filesystem::resize_file(fixture.folder.Journal(), journal.size() - 10);
    fixture.Start();
    CHECK(fixture.Books()["captures"]["count"] == 1);
    CHECK_FALSE(fixture.Charge("key-2").replayed);
    fixture.Start();
    CHECK(fixture.Books()["captures"]["count"] == 2);
  }
  SECTION("damaged in the middle") {
    std::fstream file(fixture.folder.Journal(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(5);
    file.write("\0\0\0\0", 4);
    file.close();
    const auto opened = Gateway::Open(fixture.folder.path, [] { return core::kNow; });
    CHECK(opened.status().code() == absl::StatusCode::kDataLoss);
  }
}

TEST_CASE("Two gateways cannot share a folder") {
  Fixture fixture;
  const auto second = Gateway::Open(fixture.folder.path, [] { return core::kNow; });
  CHECK(second.status().code() == absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("A time-out after capture leaves one capture, which a retry with the same key gets (R23)") {
  Fixture fixture;
  fixture.AttachCard("4242424242424242");
  fixture.Control("POST", "/_control/faults", {{"action", "timeout_after_capture"}, {"count", 2}});
  CHECK(fixture.Charge("key").drop);
  CHECK(fixture.Books()["captures"]["count"] == 1);
  CHECK(fixture.Charge("key").drop);
  const GatewayReply reply = fixture.Charge("key");
  CHECK_FALSE(reply.drop);
  CHECK(reply.replayed);
  CHECK(reply.answer.body["status"] == "succeeded");
  CHECK(fixture.Books()["captures"]["count"] == 1);
}

TEST_CASE("A 500 before execution leaves the key free; one after it is remembered, and the money is taken") {
  Fixture fixture;
  fixture.AttachCard("4242424242424242");
  fixture.Control("POST", "/_control/faults", {{"action", "error_500_before"}});
  CHECK(fixture.Charge("key-1").answer.status == 500);
  CHECK(fixture.Books()["captures"]["count"] == 0);
  CHECK(fixture.Charge("key-1").answer.status == 200);

  fixture.Control("POST", "/_control/faults", {{"action", "error_500_after"}});
  CHECK(fixture.Charge("key-2").answer.status == 500);
  CHECK(fixture.Books()["captures"]["count"] == 2);
  const GatewayReply again = fixture.Charge("key-2");
  CHECK(again.answer.status == 500);
  CHECK(again.replayed);
  CHECK(fixture.Books()["captures"]["count"] == 2);
}

TEST_CASE("A late answer keeps its key in use until it is sent") {
  Fixture fixture;
  fixture.AttachCard("4242424242424242");
  fixture.Control("POST", "/_control/faults", {{"action", "late"}, {"ms", 5000}});
  const GatewayReply late = fixture.Charge("key");
  CHECK(late.wait_ms == 5000);
  CHECK(late.held_key == "key");
  CHECK(fixture.Charge("key").answer.status == 409);
  fixture.gateway->Release(late.held_key);
  CHECK(fixture.Charge("key").answer == late.answer);
  CHECK(fixture.Books()["captures"]["count"] == 1);
}

TEST_CASE("A request that arrives twice is executed once: the second hears what the first heard (R23)") {
  Fixture fixture;
  fixture.AttachCard("4242424242424242");
  fixture.Control("POST", "/_control/faults", {{"action", "sent_twice"}});
  const GatewayReply second = fixture.Charge("key");
  CHECK(second.replayed);
  CHECK(second.answer.body["status"] == "succeeded");
  CHECK(fixture.Books()["captures"]["count"] == 1);
  // Without a key nothing keeps the two apart: that is why there are keys.
  fixture.Control("POST", "/_control/faults", {{"action", "sent_twice"}});
  fixture.Charge("");
  CHECK(fixture.Books()["captures"]["count"] == 3);
}

TEST_CASE("A request that arrives again while the first is under way hears that its key is in use") {
  Fixture fixture;
  fixture.AttachCard("4242424242424242");
  for (int i = 0; i < 2; ++i) fixture.Control("POST", "/_control/faults", {{"action", "sent_twice_at_once"}});
  const GatewayReply second = fixture.Charge("key");
  CHECK(second.answer.status == 409);
  CHECK(second.answer.body["error"]["code"] == "idempotency_key_in_use");
  CHECK(fixture.Books()["captures"]["count"] == 1);
  // Once it was executed, both hear that.
  CHECK(fixture.Charge("key").replayed);
  CHECK(fixture.Books()["captures"]["count"] == 1);
}

TEST_CASE("An answer that is given twice is of one execution") {
  Fixture fixture;
  fixture.AttachCard("4242424242424242");
  fixture.Control("POST", "/_control/faults", {{"action", "answered_twice"}, {"ms", 30}});
  const GatewayReply reply = fixture.Charge("key");
  CHECK(reply.again_after_ms == 30);
  CHECK(reply.wait_ms == 0);
  CHECK(fixture.Books()["captures"]["count"] == 1);
  CHECK_FALSE(fixture.Charge("key-2").again_after_ms);
}

TEST_CASE("A request that finds its object locked executes nothing and leaves its key free") {
  Fixture fixture;
  fixture.AttachCard("4242424242424242");
  fixture.Control("POST", "/_control/faults", {{"action", "lock_timeout"}});
  const Answer locked = fixture.Charge("key").answer;
  CHECK(locked.status == 429);
  CHECK(locked.body["error"]["code"] == "lock_timeout");
  CHECK(fixture.Books()["captures"]["count"] == 0);
  CHECK(fixture.Charge("key").answer.status == 200);
}

TEST_CASE("A dropped connection has no effect, and faults can be listed and cleared") {
  Fixture fixture;
  fixture.AttachCard("4242424242424242");
  fixture.Control("POST", "/_control/faults", {{"action", "drop_connection"}, {"count", 9}});
  CHECK(fixture.Charge("key").drop);
  CHECK(fixture.Books()["captures"]["count"] == 0);
  CHECK(fixture.Control("GET", "/_control/faults").answer.body["faults"][0]["count"] == 8);
  CHECK(fixture.Control("DELETE", "/_control/faults").answer.body["faults"].empty());
  CHECK(fixture.Charge("key").answer.status == 200);
  CHECK(fixture.Control("POST", "/_control/nonsense").answer.status == 404);
  CHECK(fixture.Control("POST", "/_control/faults", "nonsense").answer.status == 400);
}

TEST_CASE("Only what was executed is remembered under a key") {
  Fixture fixture;
  fixture.AttachCard("4242424242424242");
  CHECK(fixture.Charge("key", 1).answer.status == 400);
  CHECK(fixture.Charge("key", 500).answer.status == 200);
  CHECK(fixture.Charge("key", 501).answer.body["error"]["type"] == "idempotency_error");
  CHECK(fixture.Send("GET", "/v1/payment_intents", {}, "key").answer.status == 200);
}

TEST_CASE("All mistakes in the settings are named at once") {
  const auto config = [](std::map<std::string, std::string> values) {
    return ReadConfig([values](const char* name) {
      const auto it = values.find(name);
      return it == values.end() ? nullptr : it->second.c_str();
    });
  };
  const auto wrong = config({{"GATEWAY_LISTEN", "nowhere"}});
  const std::string message(wrong.status().message());
  CHECK(message.find("GATEWAY_LISTEN") != std::string::npos);
  CHECK(message.find("GATEWAY_STATE") != std::string::npos);
  CHECK(message.find("GATEWAY_API_KEY") != std::string::npos);
  const auto right = config({{"GATEWAY_STATE", "/s"}, {"GATEWAY_API_KEY", "sk_test_local"}});
  REQUIRE(right.ok());
  CHECK(right->host == "127.0.0.1");
  CHECK(right->port == 7190);
}

}  // namespace
}  // namespace perennial::gateway_simulator
