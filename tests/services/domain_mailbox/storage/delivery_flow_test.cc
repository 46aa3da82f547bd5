#include <catch2/catch.hpp>

#include "tests/services/domain_mailbox/storage/world.h"

namespace perennial::domain_mailbox {
namespace {

using core::DeliveryState;
using core::DomainState;
using core::Rejection;

TEST_CASE("A domain is registered for us, is active, and its zone is served") {
  World world;
  const Uuid product = world.Registered("good.example");
  const core::Domain domain = world.DomainOf(product);
  CHECK(domain.state == DomainState::kActive);
  CHECK(domain.paid_through == CivilDate(2028, 1, 15));
  CHECK(world.RecordOf("good.example").holder == product);
  CHECK(domain.registry_expiry == world.RecordOf("good.example").expiry);
  CHECK(world.Count(
            "SELECT count(*) AS n FROM simulated_zone WHERE domain_name = 'good.example' AND NOT held") == 1);
  CHECK(world.Count("SELECT count(*) AS n FROM outbox WHERE type = 'domain.registered'") == 1);
}

TEST_CASE("The same delivery again is one effect and tells how it stands now (R35)") {
  World world;
  const Uuid order = world.ids.Next();
  const Uuid product = world.ids.Next();
  const core::Task task = world.Registration("again.example");
  const auto first = world.Deliver(order, product, task);
  REQUIRE_OK(first);
  const auto second = world.Deliver(order, product, task);
  REQUIRE_OK(second);
  CHECK(second->state == DeliveryState::kDone);
  CHECK(second->attempt_count == first->attempt_count);
  CHECK(second->created_at == first->created_at);
  CHECK(world.Count("SELECT count(*) AS n FROM outbox WHERE type = 'domain.registered'") == 1);
  CHECK(world.Count("SELECT count(*) AS n FROM simulated_operation WHERE subject = 'again.example'") == 1);
}

TEST_CASE("An order's product delivered with other contents is DELIVERY_EXISTS") {
  World world;
  const Uuid order = world.ids.Next();
  const Uuid product = world.ids.Next();
  REQUIRE_OK(world.Deliver(order, product, world.Registration("one.example")));
  CHECK_REFUSED(world.Deliver(order, product, world.Registration("one.example", 2)), "DELIVERY_EXISTS");
  CHECK_REFUSED(world.Deliver(order, product, world.Registration("two.example")), "DELIVERY_EXISTS");
  core::Task other_zone = world.Registration("one.example");
  other_zone.time_zone = "Asia/Tokyo";
  CHECK_REFUSED(world.Deliver(order, product, other_zone), "DELIVERY_EXISTS");
}

TEST_CASE("taken-: rejected, and not registered") {
  World world;
  const Uuid product = world.ids.Next();
  const core::Delivery delivery = world.Begin(product, world.Registration("taken-x.example"));
  CHECK(delivery.state == DeliveryState::kRejected);
  CHECK(delivery.rejection == Rejection::kDomainUnavailable);
  CHECK(world.DomainOf(product).state == DomainState::kDeleted);
}

TEST_CASE("pending-: pending until a later poll, then done; pending-rejected- ends in a rejection") {
  World world;
  const Uuid product = world.ids.Next();
  const core::Delivery delivery = world.Begin(product, world.Registration("pending-x.example"));
  CHECK(delivery.state == DeliveryState::kPending);
  CHECK(world.DomainOf(product).state == DomainState::kPendingCreate);
  const core::Delivery refused =
      world.Begin(world.ids.Next(), world.Registration("pending-rejected-x.example"));
  CHECK(refused.state == DeliveryState::kPending);
  world.Advance(absl::Minutes(1));
  world.Advance(absl::Minutes(1));
  CHECK(world.DeliveryOf(delivery).state == DeliveryState::kDone);
  CHECK(world.DomainOf(product).state == DomainState::kActive);
  CHECK(world.DeliveryOf(refused).state == DeliveryState::kRejected);
  CHECK(world.DeliveryOf(refused).rejection == Rejection::kBackEndRefused);
}

TEST_CASE("rejected-: the registry refuses after payment, and the delivery says so (R31)") {
  World world;
  const core::Delivery delivery = world.Begin(world.ids.Next(), world.Registration("rejected-x.example"));
  CHECK(delivery.state == DeliveryState::kRejected);
  CHECK(delivery.rejection == Rejection::kBackEndRefused);
  CHECK_FALSE(delivery.next_attempt_at.has_value());
}

TEST_CASE("flaky-: retryable first, tried again by the job, then done") {
  World world;
  const Uuid product = world.ids.Next();
  const core::Delivery delivery = world.Begin(product, world.Registration("flaky-x.example"));
  CHECK(delivery.state == DeliveryState::kRetryable);
  REQUIRE(delivery.next_attempt_at.has_value());
  world.Settle();
  CHECK(world.DeliveryOf(delivery).attempt_count == 1);  // not before its time
  world.Advance(absl::Minutes(1));
  CHECK(world.DeliveryOf(delivery).state == DeliveryState::kDone);
  CHECK(world.DomainOf(product).state == DomainState::kActive);
}

TEST_CASE("lost-: it was done and the answer lost; it is found by asking, not sent again (R23)") {
  World world;
  const Uuid product = world.ids.Next();
  const core::Delivery delivery = world.Begin(product, world.Registration("lost-x.example"));
  CHECK(delivery.state == DeliveryState::kUnknown);
  const absl::Time expiry = world.RecordOf("lost-x.example").expiry;
  world.Advance(absl::Minutes(1));
  CHECK(world.DeliveryOf(delivery).state == DeliveryState::kDone);
  CHECK(world.Count("SELECT count(*) AS n FROM simulated_operation WHERE subject = 'lost-x.example'") == 1);

  // The same for a renewal: one year, not two.
  const core::Delivery renewal = world.Begin(product, world.Renewal(CivilDate(2028, 1, 15)));
  CHECK(renewal.state == DeliveryState::kUnknown);
  world.Advance(absl::Minutes(1));
  CHECK(world.DeliveryOf(renewal).state == DeliveryState::kDone);
  CHECK(world.RecordOf("lost-x.example").expiry - expiry < absl::Hours(24 * 367));
  CHECK(world.DomainOf(product).paid_through == CivilDate(2029, 1, 15));
}

TEST_CASE("silent-: tried for three days, then rejected so that the money goes back (R31)") {
  World world;
  const core::Delivery delivery = world.Begin(world.ids.Next(), world.Registration("silent-x.example"));
  CHECK(delivery.state == DeliveryState::kRetryable);
  world.Advance(absl::Hours(71));
  CHECK(world.DeliveryOf(delivery).state == DeliveryState::kRetryable);
  world.Advance(absl::Hours(24));
  CHECK(world.DeliveryOf(delivery).state == DeliveryState::kRejected);
  CHECK(world.DeliveryOf(delivery).rejection == Rejection::kAttemptsExhausted);
}

TEST_CASE("A name that is none is rejected, not registered as another one") {
  World world;
  for (const char* name :
       {"a_b.example", "www.a.example", "UPPER.example", "a.unsold", "xn--a.example", "-a.example"}) {
    INFO(name);
    const core::Delivery delivery = world.Begin(world.ids.Next(), world.Registration(name));
    CHECK(delivery.rejection == Rejection::kDomainNameInvalid);
  }
  CHECK(world.Count("SELECT count(*) AS n FROM simulated_registration") == 0);
}

TEST_CASE("Renewing adds the years once; another order for the same years is rejected") {
  World world;
  const Uuid product = world.Registered("renew.example");
  const core::Delivery first = world.Begin(product, world.Renewal(CivilDate(2028, 1, 15), 2));
  CHECK(first.state == DeliveryState::kDone);
  CHECK(world.DomainOf(product).paid_through == CivilDate(2030, 1, 15));
  CHECK(DateAt(world.RecordOf("renew.example").expiry, absl::UTCTimeZone()) == CivilDate(2030, 1, 15));
  const core::Delivery second = world.Begin(product, world.Renewal(CivilDate(2028, 1, 15), 2));
  CHECK(second.rejection == Rejection::kDomainNotRenewable);
  CHECK(DateAt(world.RecordOf("renew.example").expiry, absl::UTCTimeZone()) == CivilDate(2030, 1, 15));
  CHECK(world.Count("SELECT count(*) AS n FROM outbox WHERE type = 'domain.renewed'") == 1);
}

TEST_CASE("A renewal that overtakes the one before it waits for it") {
  World world;
  const Uuid product = world.Registered("order.example");
  const core::Delivery later = world.Begin(product, world.Renewal(CivilDate(2029, 1, 15)));
  CHECK(later.state == DeliveryState::kRetryable);
  CHECK(world.Begin(product, world.Renewal(CivilDate(2028, 1, 15))).state == DeliveryState::kDone);
  world.Advance(absl::Minutes(1));
  CHECK(world.DeliveryOf(later).state == DeliveryState::kDone);
  CHECK(world.DomainOf(product).paid_through == CivilDate(2030, 1, 15));
}

TEST_CASE("norenew-: a renewal that the registry refuses is rejected, and the domain stays as it was") {
  World world;
  const Uuid product = world.Registered("norenew-x.example");
  const core::Delivery renewal = world.Begin(product, world.Renewal(CivilDate(2028, 1, 15)));
  CHECK(renewal.rejection == Rejection::kBackEndRefused);
  CHECK(world.DomainOf(product).state == DomainState::kActive);
  CHECK(world.DomainOf(product).paid_through == CivilDate(2028, 1, 15));
}

TEST_CASE("Ten years on top of what is left is delivered, though the registry looks ten years ahead only") {
  World world;
  const Uuid product = world.Registered("decade.example", 10);
  const core::Delivery renewal = world.Begin(product, world.Renewal(CivilDate(2037, 1, 15), 10));
  CHECK(renewal.state == DeliveryState::kDone);
  CHECK(world.DomainOf(product).paid_through == CivilDate(2047, 1, 15));
}

}  // namespace
}  // namespace perennial::domain_mailbox
