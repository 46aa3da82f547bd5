#pragma once

#include <string>
#include <vector>

#include "libs/base/resource_name.h"
#include "services/domain_mailbox/app/deliveries.h"
#include "services/domain_mailbox/app/domains.h"
#include "services/domain_mailbox/app/mailboxes.h"
#include "services/domain_mailbox/app/product_endings.h"
#include "services/domain_mailbox/app/upkeep.h"
#include "services/domain_mailbox/gateways/idn2_name_codec.h"
#include "services/domain_mailbox/gateways/simulated_dns.h"
#include "services/domain_mailbox/gateways/simulated_mail.h"
#include "services/domain_mailbox/gateways/simulated_registrar.h"
#include "services/domain_mailbox/storage/postgres_product_store.h"
#include "services/domain_mailbox/storage/postgres_work_queue.h"
#include "tests/support/fakes.h"
#include "tests/support/postgres_fixture.h"
#include "tests/support/status_matchers.h"

namespace perennial::domain_mailbox {

// The whole service below rpc, on a real Postgres, with a clock that is moved.
struct World {
  testing::PostgresFixture postgres{"domain_mailbox", 16};
  testing::FakeClock clock;  // 15 January 2027, 10:00 UTC
  TimedIdSource ids;
  PostgresProductStore store{postgres.database(), postgres.outbox(), std::string(32, 'k')};
  PostgresWorkQueue queue{postgres.database(), postgres.metrics()};
  DeliveryCounters meter{postgres.metrics(), postgres.database()};
  SimulatedRegistrar registrar{postgres.database(), clock};
  SimulatedDns dns{postgres.database()};
  SimulatedMail mail{postgres.database(), clock};
  Idn2NameCodec names;
  Upkeep upkeep{store, registrar, dns, mail, meter, clock};
  Deliveries deliveries{store, queue, registrar, mail, names, upkeep, meter, clock, ids};
  Domains domains{store, registrar, names};
  Mailboxes mailboxes{store, clock};
  ProductEndings endings{store, clock};

  Uuid account = ids.Next();

  // What the Deliver method does: begin, then drive.
  absl::StatusOr<core::Delivery> Deliver(const Uuid& order, const Uuid& product, const core::Task& task) {
    const auto begun = deliveries.Begin(order, product, account, task);
    if (!begun.ok()) return begun;
    return deliveries.Drive(order, product);
  }

  core::Delivery Begin(const Uuid& product, const core::Task& task) {
    const auto delivery = Deliver(ids.Next(), product, task);
    REQUIRE_OK(delivery);
    return *delivery;
  }

  // Registers for `years` and lets everything come to rest.
  Uuid Registered(const std::string& name, int years = 1) {
    const Uuid product = ids.Next();
    const core::Delivery delivery = Begin(product, Registration(name, years));
    INFO(name);
    REQUIRE(delivery.state == core::DeliveryState::kDone);
    Settle();
    return product;
  }

  Uuid MailboxOn(const Uuid& domain, const std::string& local_part, int months = 12) {
    const Uuid product = ids.Next();
    const core::Delivery delivery = Begin(product, MailboxTask(domain, local_part, months));
    REQUIRE(delivery.state == core::DeliveryState::kDone);
    Settle();
    return product;
  }

  CivilDate Today() const { return DateAt(clock.Now(), absl::UTCTimeZone()); }

  core::Task Registration(const std::string& name, int years = 1) const {
    return {core::RegisterDomain{name, years}, AddMonths(Today(), 12 * years), "Europe/Paris"};
  }
  core::Task Renewal(CivilDate from, int years = 1, bool restore = false) const {
    return {core::RenewDomain{years, from, restore}, AddMonths(from, 12 * years), "Europe/Paris"};
  }
  core::Task MailboxTask(const Uuid& domain, const std::string& local_part, int months = 12) const {
    return {core::CreateMailbox{domain, local_part, 2048}, AddMonths(Today(), months), "Europe/Paris"};
  }

  // Runs the job until nothing is due, as the test clock does. It must come to rest.
  void Settle() {
    for (int round = 0; round < 100; ++round) {
      const auto done = deliveries.RunOnce();
      REQUIRE_OK(done);
      if (*done == 0) return;
    }
    FAIL("the job never came to rest");
  }

  // In steps of a day, as the test clock does.
  void Advance(absl::Duration by) {
    const absl::Time target = clock.Now() + by;
    while (clock.Now() < target) {
      clock.Set(std::min(target, clock.Now() + absl::Hours(24)));
      Settle();
    }
  }

  void Tell(const std::string& type, const Uuid& product, CivilDate expiry) {
    Event event{ids.Next(), type, account, MakeChildName(account, "products", product), clock.Now(), {}};
    event.attributes["expiry"] = FormatDate(expiry);
    REQUIRE_OK(endings.OnSubscriptionEvent(event));
  }

  core::Domain DomainOf(const Uuid& product) {
    const auto domain = store.FindDomain(product);
    REQUIRE_OK(domain);
    REQUIRE(domain->has_value());
    return **domain;
  }
  core::Mailbox MailboxOf(const Uuid& product) {
    const auto mailbox = store.FindMailbox(product);
    REQUIRE_OK(mailbox);
    REQUIRE(mailbox->has_value());
    return **mailbox;
  }
  core::Delivery DeliveryOf(const core::Delivery& delivery) {
    const auto now = store.FindDelivery(delivery.order_id, delivery.product_id);
    REQUIRE_OK(now);
    REQUIRE(now->has_value());
    return **now;
  }
  core::RegistryRecord RecordOf(const std::string& name) {
    const core::RegistryInfo info = registrar.Info(name);
    REQUIRE(std::holds_alternative<core::RegistryRecord>(info));
    return std::get<core::RegistryRecord>(info);
  }
  int64_t Count(absl::string_view sql) {
    const auto rows = postgres.database().Query(sql);
    REQUIRE_OK(rows);
    return (*rows)[0].Get<int64_t>("n");
  }
};

}  // namespace perennial::domain_mailbox
