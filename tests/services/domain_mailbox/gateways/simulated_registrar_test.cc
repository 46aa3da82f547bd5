#include "services/domain_mailbox/gateways/simulated_registrar.h"

#include <catch2/catch.hpp>

#include "tests/support/fakes.h"
#include "tests/support/postgres_fixture.h"

// What the use cases rely on of every Registrar; an adapter to a real one must hold it as well.
namespace perennial::domain_mailbox {
namespace {

using core::RegistryStatus;

constexpr absl::Duration kDay = absl::Hours(24);

struct Registry {
  testing::PostgresFixture postgres{"domain_mailbox"};
  testing::FakeClock clock;
  TimedIdSource ids;
  SimulatedRegistrar registrar{postgres.database(), clock};
  Uuid us = ids.Next();

  core::RegistryRecord Record(const char* name) {
    const core::RegistryInfo info = registrar.Info(name);
    REQUIRE(std::holds_alternative<core::RegistryRecord>(info));
    return std::get<core::RegistryRecord>(info);
  }
  void Create(const char* name, int years = 1) {
    REQUIRE(Is<core::Done>(registrar.Create(ids.Next(), name, us, years)));
  }
  template <typename T>
  static bool Is(const core::Outcome& outcome) {
    return std::holds_alternative<T>(outcome);
  }
};

TEST_CASE("Registrar: a free name is registered once, for its holder, and durably") {
  Registry r;
  CHECK(r.registrar.Check("free.example") == core::Availability::kAvailable);
  CHECK(std::holds_alternative<core::Absent>(r.registrar.Info("free.example")));
  r.Create("free.example", 2);
  CHECK(r.registrar.Check("free.example") == core::Availability::kTaken);
  SimulatedRegistrar restarted(r.postgres.database(), r.clock);
  CHECK(std::holds_alternative<core::RegistryRecord>(restarted.Info("free.example")));
  CHECK(r.Record("free.example").holder == r.us);
  CHECK(DateAt(r.Record("free.example").expiry, absl::UTCTimeZone()) == CivilDate(2029, 1, 15));
  const core::Outcome other = r.registrar.Create(r.ids.Next(), "free.example", r.ids.Next(), 1);
  REQUIRE(Registry::Is<core::Rejected>(other));
  CHECK(std::get<core::Rejected>(other).why == core::Rejection::kDomainUnavailable);
}

TEST_CASE("Registrar: a renewal needs the expiry that the registry has, so that it happens once") {
  Registry r;
  r.Create("renew.example");
  const absl::Time expiry = r.Record("renew.example").expiry;
  CHECK(Registry::Is<core::Done>(r.registrar.Renew(r.ids.Next(), "renew.example", expiry, 1)));
  CHECK(Registry::Is<core::Rejected>(r.registrar.Renew(r.ids.Next(), "renew.example", expiry, 1)));
  const absl::Time renewed = r.Record("renew.example").expiry;
  CHECK(renewed == expiry + kDay * 366);
  CHECK(Registry::Is<core::Rejected>(r.registrar.Renew(r.ids.Next(), "renew.example", renewed, 10)));
  CHECK(Registry::Is<core::Rejected>(r.registrar.Renew(r.ids.Next(), "absent.example", expiry, 1)));
}

TEST_CASE(
    "Registrar: at its expiry a name is renewed by the registry itself, and the year comes back on "
    "deletion") {
  Registry r;
  r.Create("auto.example");
  const absl::Time expiry = r.Record("auto.example").expiry;
  r.clock.Set(expiry + kDay);
  CHECK(r.Record("auto.example").expiry > r.clock.Now() + kDay * 300);
  CHECK(Registry::Is<core::Done>(r.registrar.Delete(r.ids.Next(), "auto.example")));
  CHECK(r.Record("auto.example").status == RegistryStatus::kRedemption);
  CHECK(r.Record("auto.example").expiry == expiry);
  CHECK(r.registrar.Check("auto.example") == core::Availability::kTaken);
}

TEST_CASE(
    "Registrar: in redemption a name can only be restored, which takes time; after it, the name is free") {
  Registry r;
  r.Create("redeem.example");
  const absl::Time expiry = r.Record("redeem.example").expiry;
  CHECK(Registry::Is<core::Rejected>(r.registrar.Restore(r.ids.Next(), "redeem.example")));
  r.clock.Set(expiry + kDay);
  REQUIRE(Registry::Is<core::Done>(r.registrar.Delete(r.ids.Next(), "redeem.example")));
  CHECK(Registry::Is<core::Rejected>(r.registrar.Renew(r.ids.Next(), "redeem.example", expiry, 1)));
  CHECK(Registry::Is<core::Pending>(r.registrar.Restore(r.ids.Next(), "redeem.example")));
  CHECK(r.Record("redeem.example").status == RegistryStatus::kPendingRestore);
  CHECK(r.Record("redeem.example").status == RegistryStatus::kOk);
  CHECK(r.Record("redeem.example").expiry > r.clock.Now());
  REQUIRE(Registry::Is<core::Done>(r.registrar.Delete(r.ids.Next(), "redeem.example")));
  CHECK(Registry::Is<core::Done>(r.registrar.Delete(r.ids.Next(), "redeem.example")));
  r.clock.Advance(kDay * 30);
  CHECK(r.registrar.Check("redeem.example") == core::Availability::kAvailable);
}

TEST_CASE("Registrar: names with a prefix behave badly, each in its way") {
  Registry r;
  CHECK(r.registrar.Check("taken-a.example") == core::Availability::kTaken);
  CHECK(r.registrar.Check("reserved-a.example") == core::Availability::kReserved);
  CHECK(r.registrar.Check("silent-a.example") == core::Availability::kUnknown);
  CHECK(r.registrar.Check("rejected-a.example") == core::Availability::kAvailable);
  CHECK(Registry::Is<core::Rejected>(r.registrar.Create(r.ids.Next(), "rejected-a.example", r.us, 1)));
  const Uuid flaky = r.ids.Next();
  CHECK(Registry::Is<core::Retryable>(r.registrar.Create(flaky, "flaky-a.example", r.us, 1)));
  CHECK(std::holds_alternative<core::Absent>(r.registrar.Info("flaky-a.example")));
  CHECK(Registry::Is<core::Done>(r.registrar.Create(flaky, "flaky-a.example", r.us, 1)));
  const Uuid lost = r.ids.Next();
  CHECK(Registry::Is<core::Unknown>(r.registrar.Create(lost, "lost-a.example", r.us, 1)));
  CHECK(std::holds_alternative<core::RegistryRecord>(r.registrar.Info("lost-a.example")));
  CHECK(Registry::Is<core::Done>(r.registrar.Create(lost, "lost-a.example", r.us, 1)));
  CHECK(Registry::Is<core::Pending>(r.registrar.Create(r.ids.Next(), "pending-a.example", r.us, 1)));
  CHECK(r.Record("pending-a.example").status == RegistryStatus::kPendingCreate);
  CHECK(r.Record("pending-a.example").status == RegistryStatus::kOk);
}

}  // namespace
}  // namespace perennial::domain_mailbox
