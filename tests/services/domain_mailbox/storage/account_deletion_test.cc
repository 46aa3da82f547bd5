#include <catch2/catch.hpp>

#include "tests/services/domain_mailbox/storage/world.h"

namespace perennial::domain_mailbox {
namespace {

void DeleteAccount(World& world) {
  REQUIRE_OK(world.endings.OnAccountEvent({world.ids.Next(),
                                           "account.deleted",
                                           world.account,
                                           AccountName(world.account),
                                           world.clock.Now(),
                                           {}}));
}

TEST_CASE("Deleting an account leaves nothing of it here, and lets go at the back ends (R7)") {
  World world;
  const Uuid domain = world.Registered("bye.example");
  world.MailboxOn(domain, "me");
  const core::Delivery open = world.Begin(world.ids.Next(), world.Registration("flaky-bye.example"));
  REQUIRE(open.state == core::DeliveryState::kRetryable);
  DeleteAccount(world);
  DeleteAccount(world);  // told twice
  world.Settle();
  for (const char* table : {"domain", "mailbox", "delivery", "simulated_mailbox", "simulated_zone"}) {
    INFO(table);
    const auto rows = world.postgres.database().Query(std::string("SELECT count(*) AS n FROM ") + table);
    REQUIRE_OK(rows);
    CHECK((*rows)[0].Get<int64_t>("n") == 0);
  }
  CHECK(world.RecordOf("bye.example").status == core::RegistryStatus::kRedemption);
  world.Advance(absl::Hours(1));
  CHECK(std::holds_alternative<core::Absent>(world.registrar.Info("flaky-bye.example")));
  // Nor a name that was a mailbox's.
  CHECK(world.Count("SELECT count(*) AS n FROM simulated_operation AS t WHERE t::text LIKE '%me@%'") == 0);
}

TEST_CASE("Who was deleted can be told only with this service's key (R7)") {
  World world;
  DeleteAccount(world);
  REQUIRE(world.Count("SELECT count(*) AS n FROM deleted_account") == 1);
  PostgresProductStore stranger(world.postgres.database(), world.postgres.outbox(), std::string(32, 's'));
  bool known = true;
  const auto look = [&](const core::Situation& situation) -> absl::StatusOr<core::Change> {
    known = situation.account_deleted;
    return core::Change{};
  };
  const SituationKey key{.product_id = world.ids.Next(), .account_id = world.account};
  REQUIRE_OK(stranger.Update(key, look));
  CHECK_FALSE(known);
  REQUIRE_OK(world.store.Update(key, look));
  CHECK(known);
}

TEST_CASE("What comes after the deletion is refused") {
  World world;
  DeleteAccount(world);
  CHECK_REFUSED(world.Deliver(world.ids.Next(), world.ids.Next(), world.Registration("late.example")),
                "ACCOUNT_DELETED");
}

TEST_CASE("Another account's things stay") {
  World world;
  const Uuid domain = world.Registered("stays.example");
  const Uuid mailbox = world.MailboxOn(domain, "me");
  const Uuid owner = world.account;
  world.account = world.ids.Next();
  DeleteAccount(world);
  world.Settle();
  CHECK(world.DomainOf(domain).state == core::DomainState::kActive);
  CHECK(world.MailboxOf(mailbox).account_id == owner);
}

TEST_CASE("The export holds the account's domains, mailboxes and deliveries, and nobody else's") {
  World world;
  const Uuid domain = world.Registered("mine.example");
  world.MailboxOn(domain, "me");
  const Uuid owner = world.account;
  world.account = world.ids.Next();
  world.Registered("theirs.example");
  const auto holdings = world.store.ReadHoldings(owner);
  REQUIRE_OK(holdings);
  CHECK(holdings->domains.size() == 1);
  CHECK(holdings->mailboxes.size() == 1);
  CHECK(holdings->deliveries.size() == 2);
}

}  // namespace
}  // namespace perennial::domain_mailbox
