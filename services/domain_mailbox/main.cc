#include <cstdio>

#include "libs/process/process.h"
#include "services/domain_mailbox/app/deliveries.h"
#include "services/domain_mailbox/app/domains.h"
#include "services/domain_mailbox/app/mailboxes.h"
#include "services/domain_mailbox/app/product_endings.h"
#include "services/domain_mailbox/app/upkeep.h"
#include "services/domain_mailbox/config.h"
#include "services/domain_mailbox/gateways/idn2_name_codec.h"
#include "services/domain_mailbox/gateways/simulated_dns.h"
#include "services/domain_mailbox/gateways/simulated_mail.h"
#include "services/domain_mailbox/gateways/simulated_registrar.h"
#include "services/domain_mailbox/rpc/delivery_handler.h"
#include "services/domain_mailbox/rpc/domain_handler.h"
#include "services/domain_mailbox/rpc/mailbox_handler.h"
#include "services/domain_mailbox/rpc/personal_data_handler.h"
#include "services/domain_mailbox/storage/postgres_product_store.h"
#include "services/domain_mailbox/storage/postgres_work_queue.h"

int main() {
  using namespace perennial;
  using namespace perennial::domain_mailbox;
  Environment environment;
  absl::StatusOr<ProcessConfig> config = ReadConfig(environment);
  if (!config.ok()) {
    std::fprintf(stderr, "perennial-domain-mailbox: %s\n", std::string(config.status().message()).c_str());
    return 2;
  }
  Process process(*std::move(config));
  const Clock& clock = process.clock();

  PostgresProductStore store(process.database(), process.outbox(), process.secret_key());
  PostgresWorkQueue queue(process.database(), process.metrics());
  DeliveryCounters meter(process.metrics(), process.database());
  SimulatedRegistrar registrar(process.database(), clock);
  SimulatedDns dns(process.database());
  SimulatedMail mail(process.database(), clock);
  Idn2NameCodec names;

  Upkeep upkeep(store, registrar, dns, mail, meter, clock);
  Deliveries deliveries(store, queue, registrar, mail, names, upkeep, meter, clock, process.ids());
  Domains domains(store, registrar, names);
  Mailboxes mailboxes(store, clock);
  ProductEndings endings(store, clock);

  process.Serve(MakeDeliveryService(deliveries, domains, mailboxes));
  process.Serve(MakeDomainService(domains, process.page_tokens()));
  process.Serve(MakeMailboxService(mailboxes, process.page_tokens()));
  process.Serve(MakePersonalDataService(store));
  process.AddJob({"back_ends", absl::Milliseconds(500), [&] { return deliveries.RunOnce(); }});
  process.AddJob({"measure", absl::Seconds(5), [&] { return queue.Measure(clock.Now()); }});
  process.Consume("subscription", events::OnlyOf({"product.expired", "product.deleted"}),
                  events::OneByOne([&](const Event& event) { return endings.OnSubscriptionEvent(event); }));
  process.Consume("account", events::OnlyOf({"account.deleted"}),
                  events::OneByOne([&](const Event& event) -> absl::Status {
                    RETURN_IF_ERROR(endings.OnAccountEvent(event));
                    return process.ForgetAccount(event.account_id);
                  }));
  return process.Run();
}
