#include <catch2/catch.hpp>

#include "tests/services/domain_mailbox/storage/world.h"

namespace perennial::domain_mailbox {
namespace {

using core::DeliveryState;
using core::MailboxState;
using core::Rejection;

constexpr absl::Duration kDay = absl::Hours(24);
const CivilDate kExpiry(2028, 1, 15);

core::MailRecord MailRecordOf(World& world, const Uuid& id) {
  const core::MailInfo info = world.mail.Look(id);
  REQUIRE(std::holds_alternative<core::MailRecord>(info));
  return std::get<core::MailRecord>(info);
}

TEST_CASE("A mailbox is made on an active domain, with its quota, and once an address") {
  World world;
  const Uuid domain = world.Registered("mail.example");
  const Uuid product = world.MailboxOn(domain, "info");
  const core::Mailbox mailbox = world.MailboxOf(product);
  CHECK(mailbox.state == MailboxState::kActive);
  CHECK(mailbox.Address() == "info@mail.example");
  CHECK(mailbox.quota_mib == 2048);
  CHECK(MailRecordOf(world, product) == core::MailRecord::kActive);
  const core::Delivery twin = world.Begin(world.ids.Next(), world.MailboxTask(domain, "info"));
  CHECK(twin.rejection == Rejection::kMailboxExists);
}

TEST_CASE("A mailbox is not made on a domain that is expired, somebody else's or unknown") {
  World world;
  const Uuid domain = world.Registered("dead.example");
  world.Tell("product.expired", domain, kExpiry);
  CHECK(world.Begin(world.ids.Next(), world.MailboxTask(domain, "info")).rejection ==
        Rejection::kDomainInactive);
  CHECK_REFUSED(world.mailboxes.Check(world.account, domain, "info"), "DOMAIN_INACTIVE");
  CHECK(world.Begin(world.ids.Next(), world.MailboxTask(world.ids.Next(), "info")).rejection ==
        Rejection::kDomainInactive);
  const Uuid living = world.Registered("living.example");
  world.account = world.ids.Next();
  CHECK(world.Begin(world.ids.Next(), world.MailboxTask(living, "info")).rejection ==
        Rejection::kDomainInactive);
  CHECK_REFUSED(world.mailboxes.Check(world.account, living, "info"), "DOMAIN_NOT_FOUND");
}

TEST_CASE("A mailbox bought together with its domain waits for it") {
  World world;
  const Uuid domain = world.ids.Next();
  REQUIRE(world.Begin(domain, world.Registration("pending-both.example")).state == DeliveryState::kPending);
  const core::Delivery mailbox = world.Begin(world.ids.Next(), world.MailboxTask(domain, "info"));
  CHECK(mailbox.state == DeliveryState::kRetryable);
  for (int i = 0; i < 6; ++i) world.Advance(absl::Minutes(1));
  CHECK(world.DeliveryOf(mailbox).state == DeliveryState::kDone);
}

TEST_CASE("Reserved addresses are not sold") {
  World world;
  const Uuid domain = world.Registered("reserved.example");
  const auto offer = world.mailboxes.Check(world.account, domain, "postmaster");
  REQUIRE_OK(offer);
  CHECK(offer->availability == core::Availability::kReserved);
  CHECK(world.Begin(world.ids.Next(), world.MailboxTask(domain, "abuse")).rejection ==
        Rejection::kBackEndRefused);
}

TEST_CASE("Each badly behaving local part goes its way: rejected-, flaky-, lost-, pending-, silent-") {
  World world;
  const Uuid domain = world.Registered("odd.example");
  const auto begin = [&](const char* local_part) {
    return world.Begin(world.ids.Next(), world.MailboxTask(domain, local_part));
  };
  const core::Delivery rejected = begin("rejected-x");
  CHECK(rejected.rejection == Rejection::kBackEndRefused);
  const core::Delivery flaky = begin("flaky-x");
  CHECK(flaky.state == DeliveryState::kRetryable);
  const core::Delivery lost = begin("lost-x");
  CHECK(lost.state == DeliveryState::kUnknown);
  const core::Delivery pending = begin("pending-x");
  CHECK(pending.state == DeliveryState::kPending);
  const core::Delivery silent = begin("silent-x");
  CHECK(silent.state == DeliveryState::kRetryable);
  for (int i = 0; i < 3; ++i) world.Advance(absl::Minutes(1));
  for (const core::Delivery& delivery : {flaky, lost, pending})
    CHECK(world.DeliveryOf(delivery).state == DeliveryState::kDone);
  world.Advance(kDay * 4);
  CHECK(world.DeliveryOf(silent).rejection == Rejection::kAttemptsExhausted);
  CHECK(world.Count("SELECT count(*) AS n FROM mailbox") == 3);
}

TEST_CASE("Suspended at its expiry, and back with mail and password intact (R30)") {
  World world;
  const Uuid domain = world.Registered("back.example", 3);
  const Uuid product = world.MailboxOn(domain, "info");
  REQUIRE_OK(world.mailboxes.ChangePassword(world.account, product, "$argon2id$some-hash"));
  world.Settle();
  world.Advance(kDay * 366);
  world.Tell("product.expired", product, kExpiry);
  world.Settle();
  CHECK(world.MailboxOf(product).state == MailboxState::kSuspended);
  CHECK(MailRecordOf(world, product) == core::MailRecord::kSuspended);
  CHECK_REFUSED(world.mailboxes.ChangePassword(world.account, product, "x"), "MAILBOX_INACTIVE");

  const core::Task renewal{core::RenewMailbox{}, CivilDate(2029, 1, 15), "Europe/Paris"};
  CHECK(world.Begin(product, renewal).state == DeliveryState::kDone);
  world.Settle();
  CHECK(world.MailboxOf(product).state == MailboxState::kActive);
  CHECK(MailRecordOf(world, product) == core::MailRecord::kActive);
  CHECK(world.Count(
            "SELECT count(*) AS n FROM simulated_mailbox WHERE password_hash = '$argon2id$some-hash'") == 1);
  // The old expiry once more, late.
  world.Tell("product.expired", product, kExpiry);
  CHECK(world.MailboxOf(product).state == MailboxState::kActive);
}

TEST_CASE(
    "A mailbox renewed beside its expired domain waits for it, and is refused when it does not come back "
    "(R30)") {
  World world;
  const Uuid domain = world.Registered("both.example");
  const Uuid product = world.MailboxOn(domain, "info");
  world.Advance(kDay * 366);
  world.Tell("product.expired", domain, kExpiry);
  world.Tell("product.expired", product, kExpiry);
  world.Settle();
  const core::Task renewal{core::RenewMailbox{}, CivilDate(2029, 1, 15), "Europe/Paris"};
  const core::Delivery waits = world.Begin(product, renewal);
  CHECK(waits.state == DeliveryState::kRetryable);
  CHECK(world.MailboxOf(product).state == MailboxState::kSuspended);
  world.Advance(kDay * 4);
  CHECK(world.DeliveryOf(waits).rejection == Rejection::kAttemptsExhausted);
  CHECK(world.MailboxOf(product).paid_through == kExpiry);

  const core::Delivery again = world.Begin(product, renewal);
  CHECK(world.Begin(domain, world.Renewal(kExpiry)).state == DeliveryState::kDone);
  world.Advance(absl::Hours(2));
  CHECK(world.DeliveryOf(again).state == DeliveryState::kDone);
  CHECK(world.MailboxOf(product).state == MailboxState::kActive);
}

TEST_CASE("A mailbox of a domain in redemption is not renewed: the money goes back (R30, R31)") {
  World world;
  const Uuid domain = world.Registered("fallen.com");
  const Uuid product = world.MailboxOn(domain, "info", 24);
  world.Advance(kDay * 366);
  world.Tell("product.expired", domain, kExpiry);
  world.Advance(kDay * 36);
  const core::Task renewal{core::RenewMailbox{}, CivilDate(2030, 1, 15), "Europe/Paris"};
  CHECK(world.Begin(product, renewal).rejection == Rejection::kDomainInactive);
}

TEST_CASE("A deleted mailbox frees its address at once and its mail after 30 days") {
  World world;
  const Uuid domain = world.Registered("purge.example", 3);
  const Uuid old = world.MailboxOn(domain, "info");
  world.Tell("product.deleted", old, kExpiry);
  world.Settle();
  CHECK(MailRecordOf(world, old) == core::MailRecord::kDetached);
  const Uuid fresh = world.MailboxOn(domain, "info");  // another id: sees no old mail
  world.Advance(kDay * 29);
  CHECK(MailRecordOf(world, old) == core::MailRecord::kDetached);
  world.Advance(kDay * 2);
  CHECK(std::holds_alternative<core::Absent>(world.mail.Look(old)));
  CHECK(world.Count("SELECT count(*) AS n FROM mailbox") == 1);
  CHECK(MailRecordOf(world, fresh) == core::MailRecord::kActive);
  const core::Task renewal{core::RenewMailbox{}, CivilDate(2030, 1, 15), "Europe/Paris"};
  CHECK(world.Begin(old, renewal).rejection == Rejection::kBackEndRefused);
}

TEST_CASE("Lists are the account's own, in order, page by page") {
  World world;
  const Uuid domain = world.Registered("b.example");
  world.Registered("a.example");
  for (const char* local_part : {"c", "a", "b"}) world.MailboxOn(domain, local_part);
  const auto domains = world.domains.List(world.account, "", 10);
  REQUIRE_OK(domains);
  REQUIRE(domains->size() == 2);
  CHECK((*domains)[0].name == "a.example");
  const auto first = world.mailboxes.List(world.account, "", 2);
  REQUIRE_OK(first);
  REQUIRE(first->size() == 2);
  CHECK((*first)[1].local_part == "b");
  const auto second = world.mailboxes.List(world.account, (*first)[1].Address(), 2);
  REQUIRE_OK(second);
  REQUIRE(second->size() == 1);
  CHECK((*second)[0].local_part == "c");
  CHECK(world.domains.List(world.ids.Next(), "", 10)->empty());
  CHECK_REFUSED(world.domains.Get(world.ids.Next(), domain), "DOMAIN_NOT_FOUND");
  CHECK_REFUSED(world.mailboxes.Get(world.ids.Next(), (*first)[0].id), "MAILBOX_NOT_FOUND");
}

TEST_CASE("Passwords have 12 to 128 characters, counted as characters") {
  CHECK_REFUSED(CheckPassword("short"), "PASSWORD_TOO_WEAK");
  CHECK_REFUSED(CheckPassword("aaaaaaaaaaaaaaaa"), "PASSWORD_TOO_WEAK");
  CHECK_REFUSED(CheckPassword("ééééééééééé"), "PASSWORD_TOO_WEAK");  // 11 characters, 22 bytes
  CHECK_REFUSED(CheckPassword(std::string(64, 'a') + std::string(65, 'b')), "PASSWORD_TOO_WEAK");
  REQUIRE_OK(CheckPassword("correct horse"));
}

}  // namespace
}  // namespace perennial::domain_mailbox
