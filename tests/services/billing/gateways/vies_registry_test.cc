#include "services/billing/gateways/vies_registry.h"

#include <httplib.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/base/call_scope.h"

namespace perennial::billing {
namespace {

using core::TaxIdState;

// Answers as VIES does, or as the test wants.
struct FakeVies {
  FakeVies() {
    server.Post("/rest-api/check-vat-number",
                [this](const httplib::Request& request, httplib::Response& response) {
                  if (!is_held) seen = request.body;
                  ++arrived;
                  while (is_held) std::this_thread::yield();
                  response.status = status;
                  response.set_content(body, "application/json");
                });
    port = server.bind_to_any_port("127.0.0.1");
    thread = std::thread([this] { server.listen_after_bind(); });
    while (!server.is_running()) std::this_thread::yield();
  }
  ~FakeVies() { Stop(); }
  void Stop() {
    if (!thread.joinable()) return;
    server.stop();
    thread.join();
  }
  std::string url() const { return absl::StrCat("http://127.0.0.1:", port, "/rest-api"); }

  httplib::Server server;
  int port = 0;
  std::thread thread;
  int status = 200;
  std::string body;
  std::string seen;
  std::atomic<int> arrived{0};
  std::atomic<bool> is_held{false};
};

constexpr char kYes[] =
    R"({"countryCode":"DE","vatNumber":"136695976","requestDate":"2027-01-15T09:30:00.000Z","valid":true,)"
    R"("requestIdentifier":"WAPIAAAAY1","name":"---","address":"---"})";

}  // namespace

TEST_CASE("Only a clear yes or no of VIES is an answer") {
  const core::TaxIdAnswer yes = ReadViesAnswer(200, kYes);
  CHECK(yes.state == TaxIdState::kVerified);
  CHECK(yes.consultation == "WAPIAAAAY1");
  CHECK(ReadViesAnswer(200, R"({"valid":true})").state == TaxIdState::kVerified);
  CHECK(ReadViesAnswer(200, R"({"valid":true,"requestIdentifier":null})").consultation.empty());
  CHECK(ReadViesAnswer(200, R"({"valid":false,"requestIdentifier":""})").state == TaxIdState::kNotRegistered);
  for (const char* body :
       {"", "{", "null", "[]", "true", "{}", R"({"valid":"true"})", R"({"valid":null})", "<html>busy</html>",
        R"({"actionSucceed":false,"errorWrappers":[{"error":"MS_UNAVAILABLE"}]})",
        R"({"valid":false,"actionSucceed":false,"errorWrappers":[{"error":"MS_MAX_CONCURRENT_REQ"}]})"}) {
    INFO(body);
    CHECK(ReadViesAnswer(200, body).state == TaxIdState::kUnverified);
  }
  for (const int status : {204, 301, 400, 404, 429, 500, 503}) {
    CHECK(ReadViesAnswer(status, kYes).state == TaxIdState::kUnverified);
  }
}

TEST_CASE("VIES is asked for the id by country and number, with the seller's as the requester's") {
  FakeVies vies;
  vies.body = kYes;
  ViesRegistry registry(vies.url(), "FR11123456782");
  CHECK(registry.Ask("EL094259216").state == TaxIdState::kVerified);
  const auto request = nlohmann::json::parse(vies.seen);
  CHECK(request == nlohmann::json({{"countryCode", "EL"},
                                   {"vatNumber", "094259216"},
                                   {"requesterMemberStateCode", "FR"},
                                   {"requesterNumber", "11123456782"}}));
  vies.status = 500;
  CHECK(registry.Ask("EL094259216").state == TaxIdState::kUnverified);
  vies.status = 200;
  vies.body = std::string(1 << 20, ' ') + kYes;
  CHECK(registry.Ask("EL094259216").state == TaxIdState::kUnverified);  // too large to be one
  vies.Stop();
  CHECK(registry.Ask("EL094259216").state == TaxIdState::kUnverified);
}

TEST_CASE("While VIES hangs, two calls wait for it and the others have no answer at once") {
  FakeVies vies;
  vies.body = kYes;
  vies.is_held = true;
  ViesRegistry registry(vies.url(), "FR11123456782");
  std::atomic<int> verified{0};
  std::vector<std::thread> waiting;
  for (int i = 0; i < 2; ++i) {
    waiting.emplace_back([&] { verified += registry.Ask("DE136695976").state == TaxIdState::kVerified; });
  }
  while (vies.arrived < 2) std::this_thread::yield();
  CHECK(registry.Ask("DE136695976").state == TaxIdState::kUnverified);
  CHECK(vies.arrived == 2);
  vies.is_held = false;
  for (std::thread& thread : waiting) thread.join();
  CHECK(verified == 2);
  CHECK(registry.Ask("DE136695976").state == TaxIdState::kVerified);
}

TEST_CASE("A call that has no time left does not wait for VIES") {
  FakeVies vies;
  vies.body = kYes;
  ViesRegistry registry(vies.url(), "FR11123456782");
  const CallScope scope(absl::Now() + absl::Milliseconds(100), "");
  CHECK(registry.Ask("DE136695976").state == TaxIdState::kUnverified);
  CHECK(vies.seen.empty());
}

}  // namespace perennial::billing
