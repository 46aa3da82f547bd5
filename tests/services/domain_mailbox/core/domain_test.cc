#include "services/domain_mailbox/core/domain.h"

#include <catch2/catch.hpp>

#include "services/domain_mailbox/core/zone.h"
#include "tests/support/fakes.h"

namespace perennial::domain_mailbox::core {
namespace {

constexpr absl::Duration kDay = absl::Hours(24);

Domain Make(DomainState state, const std::string& name = "a.example") {
  testing::CountingIds ids;
  Domain domain;
  domain.id = ids.Next();
  domain.name = name;
  domain.state = state;
  domain.paid_through = CivilDate(2028, 1, 15);
  domain.time_zone = "Europe/Paris";
  return domain;
}

absl::Time AfterExpiry(const Domain& domain, int days) {
  return PaidUntil(domain.paid_through, domain.time_zone) + kDay * days;
}

RegistryInfo Ours(const Domain& domain) {
  return RegistryRecord{domain.id, RegistryStatus::kOk, AfterExpiry(domain, 100)};
}

TEST_CASE("Paid time ends when the day begins in the term's time zone") {
  const absl::Time end = PaidUntil(CivilDate(2028, 1, 15), "Europe/Paris");
  CHECK(end == absl::FromCivil(absl::CivilSecond(2028, 1, 14, 23, 0, 0), absl::UTCTimeZone()));
  const Domain domain = Make(DomainState::kActive);
  CHECK(StateByDate(domain, end - absl::Seconds(1)) == DomainState::kActive);
  CHECK(StateByDate(domain, end) == DomainState::kExpired);
}

TEST_CASE("An expired domain is held, deleted after grace, and lost after redemption") {
  Domain domain = Make(DomainState::kExpired, "a.com");
  DomainUpkeep plan = PlanUpkeep(domain, Ours(domain), AfterExpiry(domain, 34));
  CHECK(plan.zone == DomainUpkeep::Zone::kHold);
  CHECK_FALSE(plan.delete_at_registrar);
  CHECK(plan.next_at == AfterExpiry(domain, 35));
  plan = PlanUpkeep(domain, Ours(domain), AfterExpiry(domain, 35));
  CHECK(plan.delete_at_registrar);
  CHECK(plan.next_state == DomainState::kRedemption);
  domain.state = DomainState::kRedemption;
  domain.redemption_since = AfterExpiry(domain, 35);
  CHECK(PlanUpkeep(domain, Ours(domain), AfterExpiry(domain, 64)).next_at == AfterExpiry(domain, 65));
  CHECK(PlanUpkeep(domain, Ours(domain), AfterExpiry(domain, 65)).next_state == DomainState::kDeleted);
}

TEST_CASE(
    "Grace ends as a day begins, also when the clocks change in it: the price for redemption does (R20)") {
  Domain domain = Make(DomainState::kExpired, "a.com");
  for (const CivilDate expiry : {CivilDate(2028, 3, 1), CivilDate(2028, 10, 1)}) {
    domain.paid_through = expiry;
    const absl::Time lapses = PaidUntil(expiry + 35, "Europe/Paris");
    CHECK(PlanUpkeep(domain, Ours(domain), AfterExpiry(domain, 1)).next_at == lapses);
    CHECK_FALSE(PlanUpkeep(domain, Ours(domain), lapses - absl::Seconds(1)).delete_at_registrar);
    CHECK(PlanUpkeep(domain, Ours(domain), lapses).delete_at_registrar);
  }
}

TEST_CASE("A .com is not deleted while its product can still be paid (R18)") {
  const Domain domain = Make(DomainState::kExpired, "a.com");
  CHECK_FALSE(PlanUpkeep(domain, Ours(domain), AfterExpiry(domain, 31)).delete_at_registrar);
}

TEST_CASE("A registry that has a name no more, or for somebody else, is believed after three days only") {
  const RegistryInfo theirs = RegistryRecord{Uuid(), RegistryStatus::kOk, absl::InfiniteFuture()};
  for (const RegistryInfo& answer : {RegistryInfo(Absent{}), theirs}) {
    for (const DomainState state : {DomainState::kActive, DomainState::kExpired, DomainState::kRedemption}) {
      Domain domain = Make(state);
      domain.redemption_since = AfterExpiry(domain, 0);
      DomainUpkeep plan = PlanUpkeep(domain, answer, AfterExpiry(domain, 1));
      CHECK(plan.name_is_missing);
      CHECK(plan.zone == DomainUpkeep::Zone::kLeave);
      CHECK_FALSE(plan.next_state.has_value());
      domain.missing_since = AfterExpiry(domain, 1);
      plan = PlanUpkeep(domain, answer, AfterExpiry(domain, 4) - absl::Seconds(1));
      CHECK_FALSE(plan.next_state.has_value());
      plan = PlanUpkeep(domain, answer, AfterExpiry(domain, 4));
      CHECK(plan.next_state == DomainState::kDeleted);
      CHECK_FALSE(plan.name_is_missing);
    }
  }
}

TEST_CASE("That a name is missing once redemption is over needs no second look") {
  Domain domain = Make(DomainState::kRedemption);
  domain.redemption_since = AfterExpiry(domain, 35);
  CHECK(PlanUpkeep(domain, Absent{}, AfterExpiry(domain, 65)).next_state == DomainState::kDeleted);
}

TEST_CASE("Somebody else's name is never deleted at the registrar") {
  const RegistryInfo theirs = RegistryRecord{Uuid(), RegistryStatus::kOk, absl::InfiniteFuture()};
  for (const DomainState state :
       {DomainState::kPendingCreate, DomainState::kActive, DomainState::kExpired, DomainState::kRedemption,
        DomainState::kReactivating, DomainState::kDeleted}) {
    const Domain domain = Make(state);
    CHECK_FALSE(PlanUpkeep(domain, theirs, AfterExpiry(domain, 400)).delete_at_registrar);
  }
}

TEST_CASE("While a delivery is at work upkeep leaves the domain alone") {
  for (const DomainState state : {DomainState::kPendingCreate, DomainState::kReactivating}) {
    const Domain domain = Make(state);
    const DomainUpkeep plan = PlanUpkeep(domain, Ours(domain), AfterExpiry(domain, 400));
    CHECK(plan.zone == DomainUpkeep::Zone::kLeave);
    CHECK_FALSE(plan.delete_at_registrar);
    CHECK_FALSE(plan.next_state.has_value());
  }
}

TEST_CASE("A held zone says nothing") {
  const Domain domain = Make(DomainState::kExpired);
  CHECK(ZoneOf(domain, true).records.empty());
  CHECK_FALSE(ZoneOf(domain, false).records.empty());
}

}  // namespace
}  // namespace perennial::domain_mailbox::core
