#include <catch2/catch.hpp>

#include "services/domain_mailbox/core/change.h"
#include "tests/support/fakes.h"
#include "tests/support/status_matchers.h"

namespace perennial::domain_mailbox::core {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

struct Case {
  testing::CountingIds ids;
  Uuid account = ids.Next();
  Uuid product = ids.Next();
  Uuid domain_id = ids.Next();

  template <typename What>
  Delivery Of(What what) {
    return NewDelivery(ids.Next(), product, account, {what, CivilDate(2029, 1, 1), "UTC"}, kNow);
  }
  Domain DomainIn(DomainState state, const Uuid& id) {
    Domain domain;
    domain.id = id;
    domain.account_id = account;
    domain.name = "a.example";
    domain.state = state;
    return domain;
  }
};

std::optional<Rejection> RejectionOf(const absl::StatusOr<Change>& change) {
  REQUIRE_OK(change);
  REQUIRE(change->delivery.has_value());
  return change->delivery->rejection;
}

TEST_CASE("A registration makes the domain, and loses to one that lives") {
  Case c;
  const Delivery delivery = c.Of(RegisterDomain{"a.example", 1});
  const auto begun = BeginDelivery({}, delivery, true);
  CHECK_FALSE(RejectionOf(begun).has_value());
  REQUIRE(begun->domain.has_value());
  CHECK(begun->domain->id == c.product);
  CHECK(begun->domain->state == DomainState::kPendingCreate);
  Situation taken;
  taken.name_taken = true;
  CHECK(RejectionOf(BeginDelivery(taken, delivery, true)) == Rejection::kDomainUnavailable);
  CHECK(RejectionOf(BeginDelivery({}, delivery, false)) == Rejection::kDomainNameInvalid);
}

TEST_CASE("A repeat changes nothing; other contents and deleted accounts are refused") {
  Case c;
  const Delivery delivery = c.Of(RegisterDomain{"a.example", 1});
  Situation situation;
  situation.delivery = delivery;
  const auto again = BeginDelivery(situation, delivery, true);
  REQUIRE_OK(again);
  CHECK_FALSE(again->delivery.has_value());
  CHECK_FALSE(again->domain.has_value());
  Delivery other = delivery;
  other.task.paid_through += 1;
  CHECK_REFUSED(BeginDelivery(situation, other, true), "DELIVERY_EXISTS");
  other = delivery;
  other.account_id = c.ids.Next();
  CHECK_REFUSED(BeginDelivery(situation, other, true), "DELIVERY_EXISTS");
  situation.account_deleted = true;
  CHECK_REFUSED(BeginDelivery(situation, delivery, true), "ACCOUNT_DELETED");
}

TEST_CASE("A renewal of what ran out shows that it is on its way back (R20)") {
  Case c;
  const Delivery plain = c.Of(RenewDomain{1, CivilDate(2028, 1, 1), false});
  const Delivery restore = c.Of(RenewDomain{1, CivilDate(2028, 1, 1), true});
  Situation situation;
  situation.domain = c.DomainIn(DomainState::kExpired, c.product);
  CHECK(BeginDelivery(situation, plain, true)->domain->state == DomainState::kReactivating);
  situation.domain = c.DomainIn(DomainState::kRedemption, c.product);
  CHECK(RejectionOf(BeginDelivery(situation, plain, true)) == Rejection::kDomainNotRenewable);
  CHECK(BeginDelivery(situation, restore, true)->domain->state == DomainState::kReactivating);
  situation.domain = c.DomainIn(DomainState::kActive, c.product);
  CHECK_FALSE(BeginDelivery(situation, plain, true)->domain.has_value());
  situation.domain = c.DomainIn(DomainState::kDeleted, c.product);
  CHECK(RejectionOf(BeginDelivery(situation, restore, true)) == Rejection::kDomainNotRenewable);
  situation.domain->state = DomainState::kActive;
  situation.domain->account_id = c.ids.Next();
  CHECK(RejectionOf(BeginDelivery(situation, plain, true)) == Rejection::kDomainNotRenewable);
  CHECK(RejectionOf(BeginDelivery({}, plain, true)) == Rejection::kDomainNotRenewable);
}

TEST_CASE("A mailbox needs a domain of the account that is, or will be, active") {
  Case c;
  const Delivery delivery = c.Of(CreateMailbox{c.domain_id, "info", 1});
  CHECK(RejectionOf(BeginDelivery({}, delivery, true)) == Rejection::kDomainInactive);
  for (const DomainState state : {DomainState::kExpired, DomainState::kRedemption, DomainState::kDeleted}) {
    Situation situation;
    situation.domain = c.DomainIn(state, c.domain_id);
    CHECK(RejectionOf(BeginDelivery(situation, delivery, true)) == Rejection::kDomainInactive);
  }
  for (const DomainState state :
       {DomainState::kActive, DomainState::kPendingCreate, DomainState::kReactivating}) {
    Situation situation;
    situation.domain = c.DomainIn(state, c.domain_id);
    CHECK_FALSE(RejectionOf(BeginDelivery(situation, delivery, true)).has_value());
    situation.name_taken = true;
    CHECK(RejectionOf(BeginDelivery(situation, delivery, true)) == Rejection::kMailboxExists);
    CHECK(RejectionOf(BeginDelivery(situation, c.Of(CreateMailbox{c.domain_id, "abuse", 1}), true)) ==
          Rejection::kBackEndRefused);
  }
}

}  // namespace
}  // namespace perennial::domain_mailbox::core
