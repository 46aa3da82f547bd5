#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "services/subscription/app/product_batches.h"
#include "tests/services/subscription/storage/rig.h"

namespace perennial::subscription {
namespace {

// As they are now.
struct Read {
  std::vector<core::Aggregate> aggregates;
  std::vector<const core::Aggregate*> pointers;

  Read(Rig& rig, const std::vector<Uuid>& ids) {
    for (const Uuid& id : ids) aggregates.push_back(rig.products.LoadAll({id})->at(0));
    for (const core::Aggregate& aggregate : aggregates) pointers.push_back(&aggregate);
  }
};

std::vector<Uuid> BuyDomains(Rig& rig, int count) {
  std::vector<Uuid> ids;
  for (int i = 0; i < count; ++i)
    ids.push_back(rig.Order(DomainPurchase{absl::StrCat("d", i, ".com"), 1, std::nullopt}).offer.product_id);
  return ids;
}

TEST_CASE("Of products that are written together, one that is refused keeps no other") {
  Rig rig;
  const std::vector<Uuid> ids = BuyDomains(rig, 3);
  Read read(rig, ids);
  core::Aggregate nobodys = read.aggregates[0];
  nobodys.product.id = Id("nobody's");
  read.pointers.push_back(&nobodys);
  const auto rename = [&](size_t place, core::Aggregate& aggregate) -> absl::Status {
    CHECK(aggregate.product.id == read.pointers[place]->product.id);
    aggregate.product.display_name = absl::StrCat("renamed ", place);
    if (place == 1) return Precondition("PRODUCT_NOT_RENEWABLE", "");
    return absl::OkStatus();
  };
  const auto results = UpdateApart(rig.products, read.pointers, rename);
  CHECK(results[0]->product.display_name == "renamed 0");
  CHECK_REFUSED(results[1], "PRODUCT_NOT_RENEWABLE");
  CHECK_REFUSED(results[3], "PRODUCT_NOT_FOUND");
  CHECK(rig.products.Load(ids[0])->product.display_name == "renamed 0");
  CHECK(rig.products.Load(ids[1])->product.display_name == "d1.com");
  CHECK(rig.products.Load(ids[2])->product.display_name == "renamed 2");
  CHECK(rig.products.LoadAll(ids)->size() == 3);
}

TEST_CASE("What changed since it was read is decided on as it is (R23)") {
  Rig rig;
  const std::vector<Uuid> ids = BuyDomains(rig, 4);
  const auto order = rig.Commit(rig.QuoteFor(DomainPurchase{"open.com", 1, std::nullopt}));
  const Read read(rig, {ids[0], ids[1], ids[2], order->offer.product_id});
  const auto switch_off = [](core::Aggregate& aggregate) {
    aggregate.product.auto_renew = false;
    return absl::OkStatus();
  };
  REQUIRE_OK(rig.products.Update(ids[1], switch_off));
  REQUIRE_OK(rig.products.ClaimOrder(order->id, rig.clock.Now(), rig.clock.Now() + absl::Seconds(90)));
  rig.deletion_store.MarkDeleted(Id("account"), rig.clock.Now()).IgnoreError();
  std::vector<int> runs(4);
  const auto results =
      UpdateApart(rig.products, read.pointers, [&](size_t place, core::Aggregate& aggregate) {
        ++runs[place];
        CHECK(aggregate.account_deleted);
        CHECK(aggregate.product.auto_renew == (place != 1));
        if (place == 3) CHECK(aggregate.orders.at(0).version == 2);
        ++aggregate.product.notice_stage;
        return absl::OkStatus();
      });
  CHECK(runs == std::vector<int>{1, 1, 1, 1});
  for (const auto& result : results) CHECK(rig.products.Load(result->product.id)->product == result->product);
  CHECK_FALSE(rig.products.Load(ids[1])->product.auto_renew);
  // What was returned can be gone on with.
  const auto again = rig.products.UpdateAll({&*results[0]}, [](size_t, core::Aggregate& aggregate) {
    ++aggregate.product.notice_stage;
    return absl::OkStatus();
  });
  CHECK((*again)[0]->product.version == results[0]->product.version + 1);
}

TEST_CASE("A product that the database refuses spoils only its own result") {
  Rig rig;
  const std::vector<Uuid> ids = BuyDomains(rig, 3);
  const auto decide = [&](size_t place, core::Aggregate& aggregate) -> absl::Status {
    aggregate.product.display_name = "renamed";
    // No term may begin where another does.
    if (place == 1) aggregate.terms.push_back(aggregate.terms[0]), aggregate.terms[1].id = Id("second");
    return absl::OkStatus();
  };
  const Read read(rig, ids);
  CHECK_FALSE(rig.products.UpdateAll(read.pointers, decide).ok());
  CHECK(rig.products.Load(ids[0])->product.display_name == "d0.com");
  const auto results = UpdateApart(rig.products, read.pointers, decide);
  CHECK(results[0].ok());
  CHECK_FALSE(results[1].ok());
  CHECK(results[2].ok());
  CHECK(rig.products.Load(ids[2])->product.display_name == "renamed");
  CHECK(rig.products.Load(ids[1])->terms.size() == 1);
}

TEST_CASE("Batches that overlap wait for each other, and lose nothing") {
  Rig rig;
  const std::vector<Uuid> ids = BuyDomains(rig, 12);
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      std::vector<Uuid> mine = ids;
      std::rotate(mine.begin(), mine.begin() + i, mine.end());
      if (i % 2 == 1) std::reverse(mine.begin(), mine.end());
      const auto count = [](size_t, core::Aggregate& aggregate) {
        ++aggregate.product.notice_stage;
        return absl::OkStatus();
      };
      for (int round = 0; round < 5; ++round) {
        for (const auto& result : UpdateApart(rig.products, Read(rig, mine).pointers, count))
          failed += !result.ok();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failed == 0);
  for (const Uuid& id : ids) CHECK(rig.products.Load(id)->product.notice_stage == 40);
}

TEST_CASE("Hundreds of renewals are taken together, each as if it were alone (R14, R23)") {
  Rig rig;
  constexpr int kMany = 300;
  BuyDomains(rig, kMany);
  rig.clock.Set(Utc(2028, 1, 2));
  int n = 0;
  // One in ten is declined, one in ten is not known yet.
  rig.payments.answer = [&] {
    ++n;
    if (n % 10 == 0)
      return core::ChargeAnswer{.state = core::AttemptState::kDeclined, .decline_code = "do_not_honor"};
    return core::ChargeAnswer{.state =
                                  n % 10 == 1 ? core::AttemptState::kOpen : core::AttemptState::kSucceeded};
  };
  rig.Settle();
  CHECK(rig.Count("SELECT count(*) FROM orders WHERE kind = 'automatic_renewal'") == kMany);
  CHECK(rig.Count("SELECT count(*) FROM orders WHERE kind = 'automatic_renewal' AND step = 'done'") == 240);
  CHECK(rig.Count("SELECT count(*) FROM orders WHERE step = 'waiting' AND wait = 'rung'") == 30);
  CHECK(rig.Count("SELECT count(*) FROM orders WHERE step = 'charge' AND faults = 1") == 30);
  CHECK(rig.Count("SELECT count(*) FROM terms WHERE state = 'active'") == kMany + 240);
  CHECK(rig.Count("SELECT count(*) FROM attempts WHERE number = 1") == 2 * kMany);
  CHECK(rig.meter.troubles.empty());
}

TEST_CASE("An order that came since its product was read is seen, so that nothing ends under it (R12, R18)") {
  Rig rig;
  const Uuid product_id = BuyDomains(rig, 1)[0];
  const Read read(rig, {product_id});
  REQUIRE_OK(rig.Commit(rig.QuoteFor(RenewalWish{product_id, 0, false})));
  bool seen = false;
  const auto look = [&](size_t, core::Aggregate& aggregate) {
    seen = core::BlockingOrder(aggregate) != nullptr;
    return absl::OkStatus();
  };
  CHECK(UpdateApart(rig.products, read.pointers, look)[0].ok());
  CHECK(seen);
}

TEST_CASE("A row that became unreadable since it was read keeps nobody's result") {
  Rig rig;
  const std::vector<Uuid> ids = BuyDomains(rig, 2);
  const auto order = rig.Commit(rig.QuoteFor(DomainPurchase{"open.com", 1, std::nullopt}));
  const Read read(rig, {ids[0], order->offer.product_id, ids[1]});
  REQUIRE_OK(rig.postgres.database().Query(
      "UPDATE orders SET offer = '{}', version = version + 1 WHERE id = $1", order->id));
  std::vector<int> runs(3);
  const auto results = UpdateApart(rig.products, read.pointers, [&](size_t place, core::Aggregate&) {
    ++runs[place];
    return absl::OkStatus();
  });
  CHECK(runs == std::vector<int>{1, 0, 1});
  CHECK(results[0].ok());
  CHECK(absl::IsInternal(results[1].status()));
  CHECK(results[2].ok());
}

core::ChargeAnswer SoftDecline() {
  return {.state = core::AttemptState::kDeclined,
          .decline_code = "insufficient_funds",
          .decline_class = core::DeclineClass::kSoft};
}

void SwitchAutoRenew(Rig& rig, const Uuid& product_id, bool on) {
  const core::ProductSettings settings{.auto_renew = on, .next_plan_id = {}, .next_cycle_months = {}};
  REQUIRE_OK(rig.products.Update(product_id, [&](core::Aggregate& aggregate) {
    return core::ChangeSettings(TestCatalogue(), settings, aggregate, rig.clock.Now());
  }));
}

TEST_CASE("Attempts of earlier orders count for one that is opened anew (R17)") {
  Rig rig;
  const Uuid product_id = BuyDomains(rig, 1)[0];
  rig.payments.answer = SoftDecline;
  rig.clock.Set(Utc(2028, 1, 2));
  rig.Settle();
  for (int i = 0; i < 12; ++i) {
    SwitchAutoRenew(rig, product_id, false);
    SwitchAutoRenew(rig, product_id, true);
    rig.Settle();
  }
  CHECK(rig.Count("SELECT count(*) FROM attempts WHERE created_at > '2028-01-01'") ==
        Policy().attempts_per_day_max);
}

TEST_CASE("Beside a row that cannot be read, the others are read with all that rules decide on") {
  Rig rig;
  const std::vector<Uuid> ids = BuyDomains(rig, 2);
  rig.payments.answer = SoftDecline;
  rig.clock.Set(Utc(2028, 1, 2));
  rig.Settle();
  SwitchAutoRenew(rig, ids[0], false);
  SwitchAutoRenew(rig, ids[0], true);
  rig.Settle();
  const size_t attempts = rig.products.LoadAll({ids[0]})->at(0).attempts.size();
  CHECK(attempts == 3);  // of the purchase, and of two orders of the renewal
  REQUIRE_OK(rig.postgres.database().Query("UPDATE orders SET offer = '{}' WHERE product_id = $1", ids[1]));
  std::vector<Uuid> unreadable;
  const auto note = [&](const Uuid& id, const absl::Status&) { unreadable.push_back(id); };
  const auto loaded = LoadApart(rig.products, {ids[0], ids[1], Id("nobody's")}, note);
  REQUIRE_OK(loaded);
  REQUIRE(loaded->size() == 1);
  CHECK(loaded->at(0).attempts.size() == attempts);
  CHECK(unreadable == std::vector<Uuid>{ids[1]});
}

}  // namespace
}  // namespace perennial::subscription
