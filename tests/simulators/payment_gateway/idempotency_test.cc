#include "simulators/payment_gateway/core/idempotency.h"

#include <catch2/catch.hpp>

#include "tests/simulators/payment_gateway/world.h"

namespace perennial::gateway_simulator::core {
namespace {

const KeyedRequest kRequest{.key = "k", .end_point = "POST /v1/refunds", .parameters = "hash"};

TEST_CASE("A key's first answer is replayed to the same request, errors too") {
  IdempotencyTable table;
  CHECK_FALSE(table.Begin(kRequest).answer);
  table.Save({kRequest, 402, R"({"error":"declined"})"});
  table.Release("k");
  const IdempotencyTable::Begun again = table.Begin(kRequest);
  REQUIRE(again.answer);
  CHECK(again.replayed);
  CHECK(*again.answer == Answer{402, {{"error", "declined"}}});
}

TEST_CASE("Another request under a used key is refused and does not disturb the first") {
  IdempotencyTable table;
  table.Begin(kRequest);
  table.Save({kRequest, 200, R"({"id":1})"});
  table.Release("k");
  KeyedRequest other = kRequest;
  SECTION("with other parameters") {
    other.parameters = "other";
  }
  SECTION("to another end point") {
    other.end_point = "POST /v1/payment_intents";
  }
  const IdempotencyTable::Begun refused = table.Begin(other);
  REQUIRE(refused.answer);
  CHECK_FALSE(refused.replayed);
  CHECK(refused.answer->status == 400);
  CHECK(Type(*refused.answer) == "idempotency_error");
  CHECK(table.Begin(kRequest).replayed);
}

TEST_CASE("While a request is under way its key is in use, even for the same request") {
  IdempotencyTable table;
  table.Begin(kRequest);
  const IdempotencyTable::Begun second = table.Begin(kRequest);
  REQUIRE(second.answer);
  CHECK(second.answer->status == 409);
  CHECK(Code(*second.answer) == "idempotency_key_in_use");
  table.Save({kRequest, 200, "{}"});
  CHECK(table.Begin(kRequest).answer->status == 409);
  table.Release("k");
  CHECK(table.Begin(kRequest).replayed);
}

TEST_CASE("A key whose request was not executed is free again") {
  IdempotencyTable table;
  table.Begin(kRequest);
  table.Release("k");
  KeyedRequest other = kRequest;
  other.parameters = "other";
  CHECK_FALSE(table.Begin(other).answer);
}

TEST_CASE("A key longer than 255 characters is refused") {
  IdempotencyTable table;
  KeyedRequest request = kRequest;
  request.key = std::string(255, 'k');
  CHECK_FALSE(table.Begin(request).answer);
  request.key = std::string(256, 'k');
  CHECK(table.Begin(request).answer->status == 400);
}

TEST_CASE("A saved answer survives the journal's JSON") {
  const SavedAnswer saved{kRequest, 402, R"({"error":{"code":"card_declined"}})"};
  const SavedAnswer read = SavedAnswerFromJson(nlohmann::json::parse(ToJsonText(saved)));
  CHECK(read.status == saved.status);
  CHECK(read.body == saved.body);
  CHECK(read.request.key == "k");
  CHECK(read.request.end_point == kRequest.end_point);
  CHECK(read.request.parameters == "hash");
}

}  // namespace
}  // namespace perennial::gateway_simulator::core
