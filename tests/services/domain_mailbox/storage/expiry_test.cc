#include <catch2/catch.hpp>

#include "tests/services/domain_mailbox/storage/world.h"

namespace perennial::domain_mailbox {
namespace {

using core::DeliveryState;
using core::DomainState;
using core::Rejection;

constexpr absl::Duration kDay = absl::Hours(24);
const CivilDate kExpiry(2028, 1, 15);

bool IsHeld(World& world, const std::string& name) {
  const auto rows =
      world.postgres.database().Query("SELECT held FROM simulated_zone WHERE domain_name = $1", name);
  REQUIRE_OK(rows);
  REQUIRE(rows->size() == 1);
  return (*rows)[0].Get<bool>("held");
}

// Registered for a year, told to be expired the day after, and `days` after the year are over.
Uuid Expired(World& world, const std::string& name, int days = 1) {
  const Uuid product = world.Registered(name);
  world.Advance(kDay * 366);
  world.Tell("product.expired", product, kExpiry);
  world.Settle();
  world.Advance(kDay * (days - 1));
  return product;
}

TEST_CASE("At the end of the paid time a domain is on hold, whatever the registry says") {
  World world;
  const Uuid product = Expired(world, "late.example");
  CHECK(world.DomainOf(product).state == DomainState::kExpired);
  CHECK(IsHeld(world, "late.example"));
  // The registry has renewed by itself; the customer has not paid.
  CHECK(DateAt(world.RecordOf("late.example").expiry, absl::UTCTimeZone()) == CivilDate(2029, 1, 15));
  CHECK(world.DomainOf(product).paid_through == kExpiry);
}

TEST_CASE("An expiry older than what is paid is ignored: facts may come late") {
  World world;
  const Uuid product = world.Registered("paid.example");
  CHECK(world.Begin(product, world.Renewal(kExpiry)).state == DeliveryState::kDone);
  world.Tell("product.expired", product, kExpiry);
  world.Settle();
  CHECK(world.DomainOf(product).state == DomainState::kActive);
  CHECK_FALSE(IsHeld(world, "paid.example"));
}

TEST_CASE("An expiry that comes while the renewal is on its way does not win over it") {
  World world;
  const Uuid product = world.ids.Next();
  world.Begin(product, world.Registration("flaky-paid.example"));
  world.Advance(absl::Minutes(1));
  REQUIRE(world.DomainOf(product).state == DomainState::kActive);
  const auto open = world.Deliver(world.ids.Next(), product, world.Renewal(kExpiry));
  REQUIRE_OK(open);
  REQUIRE(open->state == DeliveryState::kRetryable);
  world.Tell("product.expired", product, kExpiry);
  CHECK(world.DomainOf(product).state == DomainState::kActive);
}

TEST_CASE(
    "Renewed in grace: back at once, the new term from the old expiry, and no second year bought (R20)") {
  World world;
  const Uuid product = Expired(world, "grace.example", 10);
  const core::Delivery renewal = world.Begin(product, world.Renewal(kExpiry));
  CHECK(renewal.state == DeliveryState::kDone);
  world.Settle();
  const core::Domain domain = world.DomainOf(product);
  CHECK(domain.state == DomainState::kActive);
  CHECK(domain.paid_through == CivilDate(2029, 1, 15));
  CHECK(DateAt(*domain.registry_expiry, absl::UTCTimeZone()) == CivilDate(2029, 1, 15));
  CHECK_FALSE(IsHeld(world, "grace.example"));
}

TEST_CASE("Renewed on the last days of grace, after the automatic renewal was given up (R18, R20)") {
  World world;
  const Uuid product = Expired(world, "late-payer.com", 34);
  CHECK(world.DomainOf(product).state == DomainState::kExpired);
  CHECK(world.Begin(product, world.Renewal(kExpiry)).state == DeliveryState::kDone);
  world.Settle();
  CHECK(world.DomainOf(product).state == DomainState::kActive);
  CHECK(world.DomainOf(product).paid_through == CivilDate(2029, 1, 15));
  CHECK_FALSE(IsHeld(world, "late-payer.com"));
}

TEST_CASE("A restore asked for while the name is still in grace is an ordinary renewal (R20)") {
  World world;
  const Uuid product = Expired(world, "early-restore.com", 20);
  CHECK(world.Begin(product, world.Renewal(kExpiry, 1, /*restore=*/true)).state == DeliveryState::kDone);
  CHECK(world.RecordOf("early-restore.com").status == core::RegistryStatus::kOk);
}

TEST_CASE("Restored days before redemption is over: the registry lets it come back (R20)") {
  World world;
  const Uuid product = Expired(world, "last-call.com", 61);
  REQUIRE(world.DomainOf(product).state == DomainState::kRedemption);
  const core::Delivery restore = world.Begin(product, world.Renewal(kExpiry, 1, /*restore=*/true));
  CHECK(restore.state == DeliveryState::kPending);
  world.Advance(kDay * 10);
  CHECK(world.DeliveryOf(restore).state == DeliveryState::kDone);
  CHECK(world.DomainOf(product).state == DomainState::kActive);
}

TEST_CASE(
    "product.deleted in redemption ends the domain; the registry frees the name when its time is over") {
  World world;
  const Uuid product = Expired(world, "told.com", 61);
  REQUIRE(world.DomainOf(product).state == DomainState::kRedemption);
  world.Tell("product.deleted", product, kExpiry);
  world.Settle();
  CHECK(world.DomainOf(product).state == DomainState::kDeleted);
  CHECK(world.registrar.Check("told.com") == core::Availability::kTaken);
  world.Advance(kDay * 5);
  CHECK(world.registrar.Check("told.com") == core::Availability::kAvailable);
}

TEST_CASE("After grace a domain is in redemption: renewing needs consent, and takes time (R20)") {
  World world;
  const Uuid product = Expired(world, "redeem.com");
  world.Advance(kDay * 35);
  CHECK(world.DomainOf(product).state == DomainState::kRedemption);
  CHECK(world.RecordOf("redeem.com").status == core::RegistryStatus::kRedemption);

  const core::Delivery without = world.Begin(product, world.Renewal(kExpiry));
  CHECK(without.rejection == Rejection::kDomainNotRenewable);
  CHECK(world.DomainOf(product).state == DomainState::kRedemption);

  const core::Delivery with = world.Begin(product, world.Renewal(kExpiry, 1, /*restore=*/true));
  CHECK(with.state == DeliveryState::kPending);
  CHECK(world.DomainOf(product).state == DomainState::kReactivating);
  CHECK(IsHeld(world, "redeem.com"));
  world.Advance(absl::Minutes(1));
  world.Advance(absl::Minutes(1));
  CHECK(world.DeliveryOf(with).state == DeliveryState::kDone);
  const core::Domain domain = world.DomainOf(product);
  CHECK(domain.state == DomainState::kActive);
  CHECK(domain.paid_through == CivilDate(2029, 1, 15));
  CHECK(DateAt(*domain.registry_expiry, absl::UTCTimeZone()) == CivilDate(2029, 1, 15));
  CHECK_FALSE(IsHeld(world, "redeem.com"));
}

TEST_CASE("After redemption a domain is lost, and can be registered by somebody else") {
  World world;
  const Uuid product = Expired(world, "gone.com");
  world.Advance(kDay * 66);
  CHECK(world.DomainOf(product).state == DomainState::kDeleted);
  CHECK(world.Begin(product, world.Renewal(kExpiry, 1, true)).rejection == Rejection::kDomainNotRenewable);
  world.account = world.ids.Next();
  world.Registered("gone.com");
}

TEST_CASE("A renewal refused while reactivating leaves the domain expired, not active for nothing") {
  World world;
  const Uuid product = Expired(world, "norenew-back.example", 10);
  const core::Delivery renewal = world.Begin(product, world.Renewal(kExpiry, 3));
  CHECK(renewal.rejection == Rejection::kBackEndRefused);
  CHECK(world.DomainOf(product).state == DomainState::kExpired);
  CHECK(world.DomainOf(product).paid_through == kExpiry);
}

// What a registry in error says of a name: somebody else's, or (`holder` the domain again) ours after all.
void SayHolderIs(World& world, const std::string& name, const Uuid& holder) {
  REQUIRE_OK(world.postgres.database().Query("UPDATE simulated_registration SET holder = $2 WHERE name = $1",
                                             name, holder));
}

struct CountingMeter final : DeliveryMeter {
  int upkeep_failures = 0;
  int missing_names = 0;
  void Count(const core::Task&, DeliveryState) override {}
  void CountUpkeepFailure() override { ++upkeep_failures; }
  void CountMissingName() override { ++missing_names; }
};

TEST_CASE("A registry's wrong answer destroys no paid domain: it is asked again, and counted") {
  World world;
  const Uuid product = world.Registered("mistaken.com");
  SayHolderIs(world, "mistaken.com", world.ids.Next());
  REQUIRE_OK(world.postgres.database().Query("UPDATE domain SET upkeep_at = $1", world.clock.Now()));
  world.Settle();
  world.Advance(kDay * 2);
  CHECK(world.DomainOf(product).state == DomainState::kActive);
  CHECK(world.DomainOf(product).missing_since.has_value());
  CHECK(world.DomainOf(product).upkeep_failures >= 3);
  CountingMeter meter;
  Upkeep upkeep(world.store, world.registrar, world.dns, world.mail, meter, world.clock);
  world.clock.Set(*world.DomainOf(product).upkeep_at);
  REQUIRE_OK(upkeep.Run(product));
  CHECK(meter.missing_names == 1);
  CHECK(meter.upkeep_failures == 1);
  SayHolderIs(world, "mistaken.com", product);
  world.Advance(kDay * 2);
  CHECK(world.DomainOf(product).state == DomainState::kActive);
  CHECK_FALSE(world.DomainOf(product).missing_since.has_value());
  CHECK(world.DomainOf(product).upkeep_failures == 0);
}

TEST_CASE("A name that stays missing for three days is given up") {
  World world;
  const Uuid product = world.Registered("moved.com");
  SayHolderIs(world, "moved.com", world.ids.Next());
  REQUIRE_OK(world.postgres.database().Query("UPDATE domain SET upkeep_at = $1", world.clock.Now()));
  world.Settle();
  world.Advance(kDay * 3);
  CHECK(world.DomainOf(product).state == DomainState::kDeleted);
}

TEST_CASE("product.deleted deletes at the registrar, removes the zone and retires the mailboxes") {
  World world;
  const Uuid product = world.Registered("over.example");
  const Uuid mailbox = world.MailboxOn(product, "info");
  world.Tell("product.deleted", product, kExpiry);
  world.Settle();
  CHECK(world.DomainOf(product).state == DomainState::kDeleted);
  CHECK(world.RecordOf("over.example").status == core::RegistryStatus::kRedemption);
  CHECK(world.Count("SELECT count(*) AS n FROM simulated_zone") == 0);
  CHECK(world.MailboxOf(mailbox).state == core::MailboxState::kDeleted);
  world.Tell("product.expired", product, kExpiry);  // late, and of no effect
  CHECK(world.DomainOf(product).state == DomainState::kDeleted);
}

TEST_CASE("Ten years of renewals at T-14 keep registry and term together, leap years counted in") {
  World world;
  world.clock.Set(absl::FromCivil(absl::CivilSecond(2028, 2, 29, 10, 0, 0), absl::UTCTimeZone()));
  const Uuid product = world.Registered("leap.example");
  for (int year = 1; year <= 10; ++year) {
    const CivilDate expiry = AddMonths(CivilDate(2028, 2, 29), 12 * year);
    world.clock.Set(core::PaidUntil(expiry - 14, "Europe/Paris"));
    core::Task task{core::RenewDomain{1, expiry, false}, AddMonths(CivilDate(2028, 2, 29), 12 * (year + 1)),
                    "Europe/Paris"};
    REQUIRE(world.Begin(product, task).state == DeliveryState::kDone);
    CHECK(DateAt(world.RecordOf("leap.example").expiry, absl::UTCTimeZone()).year() == 2029 + year);
  }
}

}  // namespace
}  // namespace perennial::domain_mailbox
