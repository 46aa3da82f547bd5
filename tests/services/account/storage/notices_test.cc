#include "services/account/app/notices.h"

#include <catch2/catch.hpp>

#include "libs/base/resource_name.h"
#include "tests/services/account/storage/account_fixture.h"

namespace perennial::account {
namespace {

struct NoticesFixture : AccountFixture {
  const Uuid account = Register()->id;
  const Actor me = ActorOf(*SignIn());
  const Uuid product = ids.Next();

  absl::Status Take(const std::string& type, const std::string& expiry, const Uuid& of_product) {
    const std::string name = MakeChildName(account, "products", of_product);
    const Event event{ids.Next(), type, account, name, clock.Now(), {{"product", name}, {"expiry", expiry}}};
    return Commit([&] { return notices.Take({event}); });
  }
  size_t Told(const std::optional<Uuid>& of_product = std::nullopt) {
    return notices.List(me, account, of_product, {})->items.size();
  }
};

TEST_CASE("each notice is made at most once for a product, a term and a kind (R19)") {
  NoticesFixture world;
  for (int i = 0; i < 3; ++i) REQUIRE_OK(world.Take("renewal.upcoming", "2027-02-01", world.product));
  CHECK(world.Told() == 1);
  REQUIRE_OK(world.Take("renewal.upcoming", "2028-02-01", world.product));
  REQUIRE_OK(world.Take("renewal.succeeded", "2027-02-01", world.product));
  const Uuid other = world.ids.Next();
  REQUIRE_OK(world.Take("renewal.upcoming", "2027-02-01", other));
  CHECK(world.Told() == 4);
  CHECK(world.Told(other) == 1);
  CHECK(world.Told(world.ids.Next()) == 0);
}

TEST_CASE("a batch tells each account once of each thing, and leaves out what was told") {
  NoticesFixture world;
  const Uuid other_account = world.Register("max@example.com")->id;
  const auto event = [&](const Uuid& account, const std::string& type) {
    const std::string name = MakeChildName(account, "products", world.product);
    return Event{world.ids.Next(),  type,
                 account,           name,
                 world.clock.Now(), {{"product", name}, {"expiry", "2027-02-01"}}};
  };
  REQUIRE_OK(world.Take("renewal.upcoming", "2027-02-01", world.product));
  REQUIRE_OK(world.Commit([&] {
    return world.notices.Take(
        {event(world.account, "renewal.upcoming"), event(other_account, "renewal.upcoming"),
         event(world.account, "renewal.succeeded"), event(world.ids.Next(), "product.expired"),
         event(other_account, "renewal.upcoming")});
  }));
  CHECK(world.Told() == 2);
  CHECK(world.Count("SELECT count(*) AS count FROM notice") == 3);
}

TEST_CASE("every failure is told (R17)") {
  NoticesFixture world;
  for (int i = 0; i < 3; ++i) REQUIRE_OK(world.Take("renewal.failed", "2027-02-01", world.product));
  CHECK(world.Told() == 3);
}

TEST_CASE("two processes that take in the same fact tell of it once") {
  NoticesFixture world;
  std::atomic<int> taken = 0;
  InParallel(6, [&](int) { taken += world.Take("product.expired", "2027-02-01", world.product).ok(); });
  CHECK(taken == 6);
  CHECK(world.Told() == 1);
}

TEST_CASE("a notice keeps the language that the account had (R6)") {
  NoticesFixture world;
  REQUIRE_OK(world.Take("product.expired", "2027-02-01", world.product));
  REQUIRE_OK(world.Commit([&] {
    return world.accounts.Update(world.me, world.account, {"", {}, core::Language::kEnglish, {}});
  }));
  world.clock.Advance(absl::Seconds(1));
  REQUIRE_OK(world.Take("product.expired", "2028-02-01", world.product));
  const auto told = world.notices.List(world.me, world.account, std::nullopt, {});
  REQUIRE(told->items.size() == 2);
  CHECK(told->items[0].language == core::Language::kEnglish);
  CHECK(told->items[1].language == core::Language::kFrench);
  const auto one = world.notices.Get(world.me, world.account, told->items[1].id);
  REQUIRE_OK(one);
  CHECK(one->body == told->items[1].body);
}

TEST_CASE("facts on accounts that are gone or never were are dropped, and so are facts of no interest") {
  NoticesFixture world;
  REQUIRE_OK(world.Take("product.activated", "2027-02-01", world.product));
  CHECK(world.Told() == 0);
  REQUIRE_OK(world.Delete(world.me));
  REQUIRE_OK(world.Take("product.expired", "2027-02-01", world.product));
  const Event stranger{world.ids.Next(), "product.expired", world.ids.Next(), "", world.clock.Now(), {}};
  REQUIRE_OK(world.Commit([&] { return world.notices.Take({stranger}); }));
  CHECK(world.Count("SELECT count(*) AS count FROM notice") == 0);
}

TEST_CASE("somebody else's notice is as if it did not exist (R33)") {
  NoticesFixture world;
  REQUIRE_OK(world.Take("product.expired", "2027-02-01", world.product));
  const Uuid notice = world.notices.List(world.me, world.account, std::nullopt, {})->items[0].id;
  REQUIRE_OK(world.Register("max@example.com"));
  const Actor max = world.ActorOf(*world.SignIn("max@example.com"));
  CHECK_REFUSED(world.notices.Get(max, world.account, notice), "NOTICE_NOT_FOUND");
  CHECK_REFUSED(world.notices.Get(max, max.account_id, notice), "NOTICE_NOT_FOUND");
  CHECK_REFUSED(world.notices.List(max, world.account, std::nullopt, {}), "ACCOUNT_NOT_FOUND");
}

}  // namespace
}  // namespace perennial::account
