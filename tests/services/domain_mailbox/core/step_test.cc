#include "services/domain_mailbox/core/step.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "tests/support/fakes.h"

namespace perennial::domain_mailbox::core {
namespace {

const absl::Time kNow = absl::FromCivil(absl::CivilSecond(2028, 1, 1, 12, 0, 0), absl::UTCTimeZone());
const absl::Time kExpiry = absl::FromCivil(absl::CivilSecond(2028, 1, 15, 10, 0, 0), absl::UTCTimeZone());

struct Case {
  testing::CountingIds ids;
  Domain domain;
  Delivery delivery;

  Case() {
    domain.id = ids.Next();
    domain.name = "a.example";
    domain.state = DomainState::kActive;
    domain.paid_through = CivilDate(2028, 1, 15);
    domain.time_zone = "Europe/Paris";
  }
  Case& Register() {
    domain.state = DomainState::kPendingCreate;
    return With(RegisterDomain{"a.example", 2}, CivilDate(2030, 1, 1));
  }
  Case& Renew(int years = 1, bool restore = false) {
    return With(RenewDomain{years, CivilDate(2028, 1, 15), restore},
                AddMonths(CivilDate(2028, 1, 15), 12 * years));
  }
  template <typename What>
  Case& With(What what, CivilDate paid_through) {
    delivery = NewDelivery(ids.Next(), domain.id, ids.Next(), {what, paid_through, "Europe/Paris"}, kNow);
    return *this;
  }
  RegistryInfo Ours(RegistryStatus status = RegistryStatus::kOk, absl::Time expiry = kExpiry) const {
    return RegistryRecord{domain.id, status, expiry};
  }
  RegistryInfo Theirs() const { return RegistryRecord{Uuid(), RegistryStatus::kOk, kExpiry}; }
  DomainStep Next(const RegistryInfo& info) const { return NextStep(delivery, domain, info, kNow); }
};

template <typename T>
bool Concludes(const DomainStep& step) {
  const auto* conclude = std::get_if<Conclude>(&step);
  return conclude != nullptr && std::holds_alternative<T>(conclude->outcome);
}

bool IsRejected(const DomainStep& step, Rejection why) {
  return Concludes<Rejected>(step) && std::get<Rejected>(std::get<Conclude>(step).outcome).why == why;
}

TEST_CASE("A registration is sent only when the registry does not have the name") {
  Case c;
  c.Register();
  REQUIRE(std::holds_alternative<SendCreate>(c.Next(Absent{})));
  CHECK(std::get<SendCreate>(c.Next(Absent{})).years == 2);
  CHECK(Concludes<Done>(c.Next(c.Ours())));
  CHECK(Concludes<Pending>(c.Next(c.Ours(RegistryStatus::kPendingCreate))));
  CHECK(IsRejected(c.Next(c.Theirs()), Rejection::kDomainUnavailable));
}

TEST_CASE("A question without an answer changes nothing and sends nothing") {
  Case c;
  for (Case* each : {&c.Register(), &c.Renew()}) {
    each->delivery.state = DeliveryState::kRetryable;
    CHECK(Concludes<Retryable>(each->Next(NoAnswer{})));
    each->delivery.state = DeliveryState::kUnknown;
    CHECK(Concludes<Unknown>(each->Next(NoAnswer{})));
    each->delivery.state = DeliveryState::kPending;
    CHECK(Concludes<Pending>(each->Next(NoAnswer{})));
  }
}

TEST_CASE("After a lost answer the registry's books decide: there, it is done; not there, it is sent") {
  Case c;
  c.Register();
  c.delivery.state = DeliveryState::kUnknown;
  CHECK(Concludes<Done>(c.Next(c.Ours())));
  CHECK(std::holds_alternative<SendCreate>(c.Next(Absent{})));
  Case renewal;
  renewal.Renew();
  renewal.delivery.state = DeliveryState::kUnknown;
  CHECK(Concludes<Done>(renewal.Next(renewal.Ours(RegistryStatus::kOk, kExpiry + absl::Hours(24 * 366)))));
  CHECK(std::holds_alternative<SendRenew>(renewal.Next(renewal.Ours())));
}

TEST_CASE("A pending registration that is gone was refused") {
  Case c;
  c.Register();
  c.delivery.state = DeliveryState::kPending;
  CHECK(IsRejected(c.Next(Absent{}), Rejection::kBackEndRefused));
}

TEST_CASE("A renewal is sent with the registry's own date, and is done once that has moved") {
  Case c;
  c.Renew();
  REQUIRE(std::holds_alternative<SendRenew>(c.Next(c.Ours())));
  const auto send = std::get<SendRenew>(c.Next(c.Ours()));
  CHECK(send.expected_expiry == kExpiry);
  CHECK(send.years == 1);
  CHECK(Concludes<Done>(c.Next(c.Ours(RegistryStatus::kOk, kExpiry + absl::Hours(24 * 366)))));
}

TEST_CASE("After expiry the registry has added a year: of N years N-1 are sent") {
  Case c;
  const absl::Time auto_renewed = kExpiry + absl::Hours(24 * 366);
  CHECK(Concludes<Done>(c.Renew(1).Next(c.Ours(RegistryStatus::kOk, auto_renewed))));
  const DomainStep three = c.Renew(3).Next(c.Ours(RegistryStatus::kOk, auto_renewed));
  REQUIRE(std::holds_alternative<SendRenew>(three));
  CHECK(std::get<SendRenew>(three).years == 2);
}

TEST_CASE("Redemption needs consent, and a restore is waited for") {
  Case c;
  CHECK(IsRejected(c.Renew().Next(c.Ours(RegistryStatus::kRedemption)), Rejection::kDomainNotRenewable));
  CHECK(std::holds_alternative<SendRestore>(c.Renew(1, true).Next(c.Ours(RegistryStatus::kRedemption))));
  CHECK(Concludes<Pending>(c.Renew(1, true).Next(c.Ours(RegistryStatus::kPendingRestore))));
}

TEST_CASE("A renewal of a name that the registry says it has not is tried again: it may be wrong") {
  Case c;
  CHECK(Concludes<Retryable>(c.Renew().Next(Absent{})));
  CHECK(Concludes<Retryable>(c.Renew().Next(c.Theirs())));
}

TEST_CASE("What is ended or renewed by another order is not renewed") {
  Case c;
  c.domain.paid_through = CivilDate(2029, 1, 15);
  CHECK(IsRejected(c.Renew().Next(c.Ours()), Rejection::kDomainNotRenewable));
  c.domain.paid_through = CivilDate(2027, 1, 15);
  CHECK(Concludes<Retryable>(c.Renew().Next(c.Ours())));  // the order before is still on its way
  c.domain.paid_through = CivilDate(2028, 1, 15);
  c.domain.state = DomainState::kDeleted;
  CHECK(IsRejected(c.Renew().Next(c.Ours()), Rejection::kDomainNotRenewable));
}

TEST_CASE("Never a year too many, never one too few unless the registry forbids it") {
  CHECK(rc::check("years to renew", [] {
    const int bought = *rc::gen::inRange(1, 11);
    const int days_early = *rc::gen::inRange(-30, 400);
    const CivilDate start = CivilDate(2028, 1, 1) + *rc::gen::inRange(0, 1500);
    const absl::Time expiry =
        StartOfDay(start, absl::UTCTimeZone()) + absl::Minutes(*rc::gen::inRange(0, 1440));
    const absl::Time now = expiry - absl::Hours(24) * days_early;
    const absl::Time paid_until = PaidUntil(AddMonths(start, 12 * bought), "Europe/Paris");
    const int years = YearsToRenew(expiry, paid_until, 10, now);
    RC_ASSERT(years >= 0 && years <= bought);
    const CivilDate furthest = AddMonths(DateAt(now, absl::UTCTimeZone()), 120);
    if (years < bought) RC_ASSERT(AddMonths(start, 12 * (years + 1)) >= furthest);
  }));
}

TEST_CASE("A mailbox is made once, on an active domain only, and resumed when it was suspended") {
  testing::CountingIds ids;
  Mailbox mailbox;
  mailbox.id = ids.Next();
  Delivery create = NewDelivery(ids.Next(), mailbox.id, ids.Next(),
                                {CreateMailbox{ids.Next(), "info", 1}, CivilDate(2028, 1, 1), "UTC"}, kNow);
  CHECK(std::holds_alternative<SendMailbox>(NextStep(create, mailbox, DomainState::kActive, Absent{})));
  const auto outcome = [&](DomainState state) {
    return std::get<Conclude>(NextStep(create, mailbox, state, Absent{})).outcome;
  };
  CHECK(std::holds_alternative<Retryable>(outcome(DomainState::kPendingCreate)));
  CHECK(std::holds_alternative<Rejected>(outcome(DomainState::kExpired)));
  CHECK(std::holds_alternative<Rejected>(outcome(DomainState::kDeleted)));
  const MailboxStep found = NextStep(create, mailbox, DomainState::kActive, MailRecord::kActive);
  CHECK(std::holds_alternative<Done>(std::get<Conclude>(found).outcome));
  Delivery renew =
      NewDelivery(ids.Next(), mailbox.id, ids.Next(), {RenewMailbox{}, CivilDate(2028, 1, 1), "UTC"}, kNow);
  mailbox.state = MailboxState::kSuspended;
  CHECK(std::holds_alternative<SendResume>(
      NextStep(renew, mailbox, DomainState::kActive, MailRecord::kSuspended)));
}

TEST_CASE("A mailbox is renewed only with a domain that lives on: waited for while it can come back (R30)") {
  testing::CountingIds ids;
  Mailbox mailbox;
  mailbox.id = ids.Next();
  const Delivery renew =
      NewDelivery(ids.Next(), mailbox.id, ids.Next(), {RenewMailbox{}, CivilDate(2028, 1, 1), "UTC"}, kNow);
  for (const MailRecord record : {MailRecord::kActive, MailRecord::kSuspended}) {
    const auto outcome = [&](DomainState state) {
      const MailboxStep step = NextStep(renew, mailbox, state, record);
      REQUIRE(std::holds_alternative<Conclude>(step));
      return std::get<Conclude>(step).outcome;
    };
    for (const DomainState state :
         {DomainState::kPendingCreate, DomainState::kExpired, DomainState::kReactivating})
      CHECK(std::holds_alternative<Retryable>(outcome(state)));
    for (const DomainState state : {DomainState::kRedemption, DomainState::kDeleted}) {
      const Outcome refused = outcome(state);
      REQUIRE(std::holds_alternative<Rejected>(refused));
      CHECK(std::get<Rejected>(refused).why == Rejection::kDomainInactive);
    }
  }
}

}  // namespace
}  // namespace perennial::domain_mailbox::core
