#include "services/domain_mailbox/gateways/simulated_mail.h"

#include <catch2/catch.hpp>

#include "services/domain_mailbox/gateways/simulated_dns.h"
#include "tests/support/fakes.h"
#include "tests/support/postgres_fixture.h"
#include "tests/support/status_matchers.h"

// What the use cases rely on of every MailProvider and DnsProvider.
namespace perennial::domain_mailbox {
namespace {

template <typename T>
bool Is(const core::Outcome& outcome) {
  return std::holds_alternative<T>(outcome);
}

TEST_CASE("MailProvider: a mailbox is made once by its id, and an address is given once") {
  testing::PostgresFixture postgres("domain_mailbox");
  testing::FakeClock clock;
  TimedIdSource ids;
  SimulatedMail mail(postgres.database(), clock);
  const Uuid id = ids.Next();
  CHECK(std::holds_alternative<core::Absent>(mail.Look(id)));
  CHECK(Is<core::Done>(mail.Create(id, "a@b.example", 10)));
  CHECK(Is<core::Done>(mail.Create(id, "a@b.example", 10)));
  const core::Outcome twin = mail.Create(ids.Next(), "a@b.example", 10);
  REQUIRE(Is<core::Rejected>(twin));
  CHECK(std::get<core::Rejected>(twin).why == core::Rejection::kMailboxExists);
}

TEST_CASE(
    "MailProvider: suspended and resumed any number of times, detached frees the address, deleted is gone") {
  testing::PostgresFixture postgres("domain_mailbox");
  testing::FakeClock clock;
  TimedIdSource ids;
  SimulatedMail mail(postgres.database(), clock);
  const Uuid id = ids.Next();
  REQUIRE(Is<core::Done>(mail.Create(id, "a@b.example", 10)));
  for (int i = 0; i < 2; ++i) {
    CHECK(Is<core::Done>(mail.Suspend(id)));
    CHECK(Is<core::Done>(mail.Suspend(id)));
    CHECK(std::get<core::MailRecord>(mail.Look(id)) == core::MailRecord::kSuspended);
    CHECK(Is<core::Done>(mail.Resume(id)));
    CHECK(std::get<core::MailRecord>(mail.Look(id)) == core::MailRecord::kActive);
  }
  CHECK(Is<core::Done>(mail.Detach(id)));
  CHECK(Is<core::Done>(mail.Create(ids.Next(), "a@b.example", 10)));
  CHECK(Is<core::Done>(mail.Delete(id)));
  CHECK(Is<core::Done>(mail.Delete(id)));
  CHECK(std::holds_alternative<core::Absent>(mail.Look(id)));
  CHECK(Is<core::Rejected>(mail.Resume(id)));
  CHECK(Is<core::Done>(mail.Detach(id)));
}

TEST_CASE("DnsProvider: the last zone counts, and removing twice is no error") {
  testing::PostgresFixture postgres("domain_mailbox");
  SimulatedDns dns(postgres.database());
  CHECK(Is<core::Done>(dns.Apply({"a.example", false, {{"@", "MX", 60, "10 mx.example."}}})));
  CHECK(Is<core::Done>(dns.Apply({"a.example", true, {}})));
  const auto rows = postgres.database().Query("SELECT held, records::text AS records FROM simulated_zone");
  REQUIRE_OK(rows);
  REQUIRE(rows->size() == 1);
  CHECK((*rows)[0].Get<bool>("held"));
  CHECK((*rows)[0].Get<std::string>("records") == "[]");
  CHECK(Is<core::Done>(dns.Remove("a.example")));
  CHECK(Is<core::Done>(dns.Remove("a.example")));
}

}  // namespace
}  // namespace perennial::domain_mailbox
