#include <catch2/catch.hpp>
#include <thread>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "tests/services/payment_token/world.h"

namespace perennial::payment_token {
namespace {

struct Fixture : FakeGateway, World {
  Fixture() : World(static_cast<FakeGateway&>(*this)) {}

  // By another session than the transaction's that asks.
  void AwaitOneThatWaits() {
    std::thread([&] {
      const absl::Time until = absl::Now() + absl::Seconds(20);
      bool waits = false;
      while (!waits && absl::Now() < until) {
        const auto rows = postgres.database().Query(
            "SELECT FROM pg_stat_activity WHERE application_name = current_setting('application_name') AND "
            "wait_event_type = 'Lock'");
        REQUIRE_OK(rows);
        waits = !rows->empty();
      }
      CHECK(waits);
    }).join();
  }
};

TEST_CASE_METHOD(Fixture, "a late answer and its successor's do not wait for each other in a ring") {
  AddCard();
  const core::ChargeRequest request = Request();
  REQUIRE_OK(Open(request));
  clock.Advance(absl::Minutes(1));
  const std::optional<ChargeOrder> order = Claim(request, clock.Now());
  REQUIRE(order);
  const core::Charge taken = core::Apply(order->charge, core::Captured{"ch_1"}, clock.Now());
  std::thread successor;
  const auto late = charge_store.Update(request.id, [&](const core::Charge& charge, bool) {
    successor = std::thread([&] { CHECK(charge_store.Record({taken}).ok()); });
    AwaitOneThatWaits();
    return core::Apply(charge, core::Captured{"ch_1"}, clock.Now());
  });
  successor.join();
  REQUIRE_OK(late);
  CHECK((*late)->state == core::ChargeState::kSucceeded);
  CHECK(absl::StrContains(postgres.metrics().Text(), "\nperennial_db_transaction_retries_total 0"));
}

}  // namespace
}  // namespace perennial::payment_token
