#include <catch2/catch.hpp>
#include <thread>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "tests/services/payment_token/world.h"

namespace perennial::payment_token {
namespace {

struct Fixture : FakeGateway, World {
  Fixture() : World(static_cast<FakeGateway&>(*this)) {}

  // By another session than the transaction's that asks. Checks nothing: Catch is for one thread at a time.
  bool AwaitOneThatWaits() {
    bool waits = false;
    std::thread([&] {
      const absl::Time until = absl::Now() + absl::Seconds(20);
      while (!waits && absl::Now() < until) {
        const auto rows = postgres.database().Query(
            "SELECT FROM pg_stat_activity WHERE application_name = current_setting('application_name') AND "
            "wait_event_type = 'Lock'");
        waits = rows.ok() && !rows->empty();
      }
    }).join();
    return waits;
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
  absl::Status recorded;
  bool waited = false;
  const auto late = charge_store.Update(request.id, [&](const core::Charge& charge, bool) {
    if (!successor.joinable()) {
      successor = std::thread([&] { recorded = charge_store.Record({taken}).status(); });
      waited = AwaitOneThatWaits();
    }
    return core::Apply(charge, core::Captured{"ch_1"}, clock.Now());
  });
  successor.join();
  CHECK(waited);
  REQUIRE_OK(recorded);
  REQUIRE_OK(late);
  CHECK((*late)->state == core::ChargeState::kSucceeded);
  CHECK(absl::StrContains(postgres.metrics().Text(), "\nperennial_db_transaction_retries_total 0"));
}

}  // namespace
}  // namespace perennial::payment_token
