#include "services/payment_token/app/movements.h"

#include <catch2/catch.hpp>

#include "services/payment_token/storage/postgres_movement_store.h"
#include "tests/services/payment_token/world.h"

namespace perennial::payment_token {
namespace {

struct Fixture : FakeGateway, World {
  Fixture() : World(static_cast<FakeGateway&>(*this)) {}

  PostgresMovementStore store{postgres.database()};
  Movements movements{store, gateway, clock};

  std::vector<Movement> All(MovementKind kind, int page_size) {
    std::vector<Movement> all;
    PagePosition after{absl::UnixEpoch(), Uuid()};
    while (true) {
      const auto page = movements.Ours(kind, after, page_size);
      REQUIRE_OK(page);
      if (page->empty()) return all;
      all.insert(all.end(), page->begin(), page->end());
      after = {all.back().succeeded_at, all.back().id};
    }
  }
};

TEST_CASE_METHOD(Fixture, "what succeeded is listed in its order, and nothing else, a minute later") {
  AddCard();
  std::vector<Uuid> taken;
  for (int i = 0; i < 5; ++i) {
    clock.Advance(absl::Seconds(1));
    const core::ChargeRequest request = Request(1000 + i);
    Take(request);
    taken.push_back(request.id);
  }
  Answer(core::Declined{"insufficient_funds", ""});
  Take(Request());
  clock.Advance(absl::Seconds(55));
  CHECK(All(MovementKind::kCapture, 2).size() < 5);
  clock.Advance(absl::Seconds(10));
  const std::vector<Movement> captures = All(MovementKind::kCapture, 2);
  REQUIRE(captures.size() == 5);
  for (size_t i = 0; i < 5; ++i) {
    CHECK(captures[i].id == taken[i]);
    CHECK(captures[i].amount == Money{"EUR", 1000 + static_cast<int64_t>(i)});
  }
}

TEST_CASE_METHOD(Fixture, "by their ids, charges and refunds that succeeded are found at once") {
  AddCard();
  const core::ChargeRequest request = Request(1000);
  Take(request);
  const core::RefundRequest refund = RefundOf(request, Money{"EUR", 400});
  REQUIRE_OK(charges.OpenRefund(refund));
  CHECK(movements.Find({request.id}, {refund.id})->size() == 1);
  REQUIRE_OK(charges.DriveRefund(refund.id));
  const auto found = movements.Find({request.id, ids.Next()}, {refund.id, ids.Next()});
  REQUIRE_OK(found);
  REQUIRE(found->size() == 2);
  CHECK(found->at(1).kind == MovementKind::kRefund);
  CHECK(found->at(1).order_id == request.order_id);
  CHECK(found->at(1).amount == Money{"EUR", 400});
  CHECK(found->at(1).settlement_reference.empty());
  clock.Advance(absl::Minutes(2));
  CHECK(All(MovementKind::kRefund, 10).size() == 1);
}

}  // namespace
}  // namespace perennial::payment_token
