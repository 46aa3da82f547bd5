#include "services/subscription/app/deletions.h"

#include <catch2/catch.hpp>
#include <functional>

#include "tests/services/subscription/storage/rig.h"

namespace perennial::subscription {
namespace {

// The store, and what happens beside it.
class Watched final : public DeletionStore {
 public:
  explicit Watched(DeletionStore& store) : store_(store) {}
  std::function<void()> after_listing = [] {};
  std::function<absl::Status(const Uuid&)> before_purge = [](const Uuid&) { return absl::OkStatus(); };

  absl::Status Enter(const Uuid& account_id) override { return store_.Enter(account_id); }
  absl::Status MarkDeleted(const Uuid& account_id, absl::Time now) override {
    return store_.MarkDeleted(account_id, now);
  }
  absl::StatusOr<std::vector<Uuid>> Pending(absl::Time now, int limit) override {
    return store_.Pending(now, limit);
  }
  absl::Status LookAgain(const Uuid& account_id, absl::Time at) override {
    return store_.LookAgain(account_id, at);
  }
  absl::StatusOr<std::vector<Uuid>> ProductIds(const Uuid& account_id) override {
    auto ids = store_.ProductIds(account_id);
    after_listing();
    return ids;
  }
  absl::StatusOr<bool> Purge(const Uuid& account_id, const std::vector<Event>& events) override {
    RETURN_IF_ERROR(before_purge(account_id));
    return store_.Purge(account_id, events);
  }

 private:
  DeletionStore& store_;
};

TEST_CASE("Two processes purge an account at once: neither fails, and each product is told of once (R7)") {
  Rig rig;
  rig.Order(kGold);
  rig.Order(DomainPurchase{"example.com", 1, std::nullopt});
  REQUIRE_OK(rig.deletions.OnAccountDeleted(Id("account")));
  Watched store(rig.deletion_store);
  Deletions slower(store, rig.products, rig.clock);
  const auto other_process = [&] { CHECK(rig.deletions.RunDue().value() == 1); };
  SECTION("the other is first while this one closes the products") {
    store.after_listing = other_process;
  }
  SECTION("the other is first while this one begins to drop rows") {
    store.before_purge = [&](const Uuid&) {
      other_process();
      return absl::OkStatus();
    };
  }
  REQUIRE_OK(slower.RunDue());
  CHECK(rig.Count("SELECT count(*) FROM outbox WHERE type = 'product.deleted'") == 2);
  CHECK(rig.Count("SELECT count(*) FROM account_deletions WHERE account_id IS NULL") == 1);
  CHECK(slower.RunDue().value() == 0);
}

TEST_CASE("A deletion that fails keeps no other waiting, and is tried again") {
  Rig rig;
  REQUIRE_OK(rig.deletions.OnAccountDeleted(Id("account")));
  rig.clock.Advance(absl::Seconds(1));
  REQUIRE_OK(rig.deletions.OnAccountDeleted(Id("other account")));
  Watched store(rig.deletion_store);
  Deletions deletions(store, rig.products, rig.clock);
  store.before_purge = [](const Uuid& account_id) {
    return account_id == Id("account") ? absl::InternalError("a bug") : absl::OkStatus();
  };
  CHECK_FALSE(deletions.RunDue().ok());  // so that it is counted and logged
  CHECK(rig.Count("SELECT count(*) FROM account_deletions WHERE account_id IS NULL") == 1);
  rig.clock.Advance(absl::Seconds(2));
  CHECK(rig.deletions.RunDue().value() == 1);
}

}  // namespace
}  // namespace perennial::subscription
