#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "services/domain_mailbox/core/change.h"
#include "tests/support/fakes.h"

namespace perennial::domain_mailbox::core {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);
const CivilDate kPaid(2028, 1, 15);

Situation WithDomain(DomainState state) {
  Domain domain;
  domain.state = state;
  domain.paid_through = kPaid;
  domain.time_zone = "UTC";
  domain.version = 3;
  Situation situation;
  situation.domain = domain;
  return situation;
}

Situation WithMailbox(MailboxState state) {
  Mailbox mailbox;
  mailbox.state = state;
  mailbox.paid_through = kPaid;
  mailbox.time_zone = "UTC";
  Situation situation;
  situation.mailbox = mailbox;
  return situation;
}

TEST_CASE("An expiry ends only what was not paid beyond it, in whatever order facts come") {
  CHECK(rc::check("expiry against paid time", [] {
    const CivilDate expiry = kPaid + *rc::gen::inRange(-800, 800);
    const bool ends = kPaid <= expiry;
    RC_ASSERT(ExpireProduct(WithDomain(DomainState::kActive), expiry, kNow).domain.has_value() == ends);
    RC_ASSERT(ExpireProduct(WithMailbox(MailboxState::kActive), expiry, kNow).mailbox.has_value() == ends);
    Situation renewing = WithDomain(DomainState::kActive);
    renewing.renewal_under_way = expiry + 1;
    RC_ASSERT(!ExpireProduct(renewing, expiry, kNow).domain.has_value());
  }));
}

TEST_CASE("Only what is active expires, and only what is not deleted is deleted") {
  for (const DomainState state :
       {DomainState::kPendingCreate, DomainState::kExpired, DomainState::kRedemption,
        DomainState::kReactivating, DomainState::kDeleted}) {
    CHECK_FALSE(ExpireProduct(WithDomain(state), kPaid, kNow).domain.has_value());
  }
  CHECK(DeleteProduct(WithDomain(DomainState::kExpired), kNow).domain->state == DomainState::kDeleted);
  CHECK(DeleteProduct(WithDomain(DomainState::kExpired), kNow).retire_mailboxes);
  CHECK_FALSE(DeleteProduct(WithDomain(DomainState::kDeleted), kNow).domain.has_value());
  CHECK_FALSE(ExpireProduct({}, kPaid, kNow).domain.has_value());
  CHECK_FALSE(DeleteProduct({}, kNow).domain.has_value());
}

TEST_CASE("A deleted mailbox keeps its mail for 30 days") {
  const Change change = DeleteProduct(WithMailbox(MailboxState::kSuspended), kNow);
  REQUIRE(change.mailbox.has_value());
  CHECK(change.mailbox->purge_at == kNow + absl::Hours(24 * 30));
  CHECK(PlanUpkeep(*change.mailbox, kNow) == MailboxUpkeep::kDetach);
  CHECK(PlanUpkeep(*change.mailbox, *change.mailbox->purge_at) == MailboxUpkeep::kPurge);
}

TEST_CASE("A domain that was paid while its lapse ran is not put into redemption behind its back") {
  const Situation before = WithDomain(DomainState::kExpired);
  Situation now = before;
  now.domain->state = DomainState::kReactivating;
  now.domain->version = 4;
  DomainUpkeep plan;
  plan.delete_at_registrar = true;
  plan.next_state = DomainState::kRedemption;
  const Change change = FinishUpkeep(now, *before.domain, plan, Absent{}, kNow);
  CHECK(change.domain->state == DomainState::kReactivating);
  CHECK(change.domain->redemption_since == kNow);  // it was deleted there: if refused, that is what it is
  CHECK(change.domain->upkeep_at == kNow);
}

TEST_CASE("What a delivery made for a domain that ended meanwhile is looked after") {
  Situation situation = WithDomain(DomainState::kDeleted);
  CHECK(ConcludeDelivery(situation, Done{}, std::nullopt, kNow).domain->upkeep_at == kNow);
  situation.delivery =
      NewDelivery(Uuid(), Uuid(), Uuid(), {RegisterDomain{"a.example", 1}, kPaid, "UTC"}, kNow);
  const Change change = ConcludeDelivery(situation, Done{}, std::nullopt, kNow);
  CHECK(change.domain->state == DomainState::kDeleted);
  CHECK(change.domain->upkeep_at == kNow);
  CHECK(change.delivery->state == DeliveryState::kRejected);
}

TEST_CASE("A missing name is remembered from the first such answer until the registry has it again") {
  Situation situation = WithDomain(DomainState::kActive);
  const RegistryInfo ours = RegistryRecord{situation.domain->id, RegistryStatus::kOk, kNow};
  situation.domain = PostponeDomainUpkeep(situation, Absent{}, kNow).domain;
  CHECK(situation.domain->missing_since == kNow);
  situation.domain = PostponeDomainUpkeep(situation, NoAnswer{}, kNow + absl::Hours(1)).domain;
  situation.domain = PostponeDomainUpkeep(situation, Absent{}, kNow + absl::Hours(2)).domain;
  CHECK(situation.domain->missing_since == kNow);
  CHECK_FALSE(PostponeDomainUpkeep(situation, ours, kNow + absl::Hours(3)).domain->missing_since);
  CHECK_FALSE(FinishUpkeep(situation, *situation.domain, {}, ours, kNow).domain->missing_since);
}

// With a renewal that began before the paid time ended, and is refused after it.
Situation Renewing(Situation situation, decltype(Task::what) what) {
  situation.delivery = NewDelivery(Uuid(), Uuid(), Uuid(), {what, AddMonths(kPaid, 12), "UTC"}, kNow);
  return situation;
}

TEST_CASE("A refused renewal whose expiry was told meanwhile leaves nothing active unpaid (R17)") {
  const Rejected refused{Rejection::kBackEndRefused};
  const absl::Time paid_until = StartOfDay(kPaid, absl::UTCTimeZone());
  Situation domain = Renewing(WithDomain(DomainState::kActive), RenewDomain{1, kPaid, false});
  Situation mailbox = Renewing(WithMailbox(MailboxState::kActive), RenewMailbox{});

  Change change = ConcludeDelivery(domain, refused, std::nullopt, paid_until);
  CHECK(change.domain->state == DomainState::kExpired);
  REQUIRE(change.events.size() == 1);
  CHECK(change.events[0].type == "domain.expired");
  change = ConcludeDelivery(mailbox, refused, std::nullopt, paid_until);
  REQUIRE(change.mailbox.has_value());
  CHECK(change.mailbox->state == MailboxState::kSuspended);
  CHECK(change.mailbox->upkeep_at == paid_until);
  REQUIRE(change.events.size() == 1);
  CHECK(change.events[0].type == "mailbox.suspended");

  // Still paid: active as before.
  const absl::Time before = paid_until - absl::Seconds(1);
  change = ConcludeDelivery(domain, refused, std::nullopt, before);
  CHECK(change.domain->state == DomainState::kActive);
  CHECK(change.events.empty());
  change = ConcludeDelivery(mailbox, refused, std::nullopt, before);
  CHECK(change.mailbox->state == MailboxState::kActive);
  CHECK(change.events.empty());

  // Another renewal is open: its end decides.
  domain.renewal_under_way = mailbox.renewal_under_way = AddMonths(kPaid, 12);
  CHECK(ConcludeDelivery(domain, refused, std::nullopt, paid_until).domain->state == DomainState::kActive);
  CHECK(ConcludeDelivery(mailbox, refused, std::nullopt, paid_until).mailbox->state == MailboxState::kActive);
}

TEST_CASE("A final delivery is not concluded again") {
  Situation situation = WithDomain(DomainState::kActive);
  situation.delivery =
      NewDelivery(Uuid(), Uuid(), Uuid(), {RegisterDomain{"a.example", 1}, kPaid, "UTC"}, kNow);
  situation.delivery->state = DeliveryState::kDone;
  const Change change = ConcludeDelivery(situation, Rejected{Rejection::kBackEndRefused}, std::nullopt, kNow);
  CHECK_FALSE(change.delivery.has_value());
  CHECK_FALSE(change.domain.has_value());
}

}  // namespace
}  // namespace perennial::domain_mailbox::core
