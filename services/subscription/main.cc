#include <cstdio>

#include "absl/strings/numbers.h"
#include "libs/base/status_macros.h"
#include "services/subscription/app/deletions.h"
#include "services/subscription/app/orders.h"
#include "services/subscription/app/products.h"
#include "services/subscription/app/quotes.h"
#include "services/subscription/app/renewals.h"
#include "services/subscription/app/sites.h"
#include "services/subscription/config.h"
#include "services/subscription/rpc/accounts_client.h"
#include "services/subscription/rpc/billing_client.h"
#include "services/subscription/rpc/delivery_client.h"
#include "services/subscription/rpc/handlers.h"
#include "services/subscription/rpc/payments_client.h"
#include "services/subscription/storage/business_metrics.h"
#include "services/subscription/storage/postgres_deletion_store.h"
#include "services/subscription/storage/postgres_paid_order_store.h"
#include "services/subscription/storage/postgres_product_store.h"
#include "services/subscription/storage/postgres_quote_store.h"
#include "services/subscription/storage/postgres_site_store.h"
#include "services/subscription/storage/postgres_tax_position_store.h"

namespace perennial::subscription {
namespace {

// Of renewals, and of orders. payment_token has more workers than these together (its config.cc).
constexpr int kBatchesAtOnce = 8;

// All objects of the service, in the order of their construction.
struct Parts {
  Parts(const Config& config, Process& process)
      : account_peer(process.Connect(config.process.account_target)),
        billing_peer(process.Connect(config.billing_target)),
        payment_token_peer(process.Connect(config.payment_token_target)),
        domain_mailbox_peer(process.Connect(config.domain_mailbox_target)),
        accounts(*account_peer),
        billing(*billing_peer),
        payments(*payment_token_peer),
        delivery(*domain_mailbox_peer, config.catalogue.mailbox_quota_mib()),
        product_store(process.database(), process.outbox(), process.secret_key()),
        site_store(process.database()),
        quote_store(process.database(), process.secret_key()),
        tax_position_store(process.database(), process.secret_key()),
        deletion_store(process.database(), process.outbox(), process.secret_key()),
        paid_order_store(process.database()),
        metrics(process.database(), process.metrics(), config.catalogue.dunning(), process.clock()),
        steps(config.catalogue, product_store, tax_position_store, {billing, payments, delivery},
              process.clock(), metrics),
        orders(product_store, quote_store, deletion_store, steps, process.clock(), process.ids(), metrics),
        quotes(config.catalogue, product_store, site_store, quote_store, tax_position_store,
               {accounts, billing, delivery}, process.clock(), process.ids()),
        sites(config.catalogue, site_store, product_store, deletion_store, process.clock(), process.ids()),
        products(config.catalogue, product_store, payments, process.clock()),
        renewals(config.catalogue, product_store, accounts, process.clock(), process.ids(), metrics, orders),
        deletions(deletion_store, product_store, process.clock()),
        paid_orders(paid_order_store, process.clock()) {}

  std::unique_ptr<rpc::Peer> account_peer, billing_peer, payment_token_peer, domain_mailbox_peer;
  AccountsClient accounts;
  BillingClient billing;
  PaymentsClient payments;
  DeliveryClient delivery;
  PostgresProductStore product_store;
  PostgresSiteStore site_store;
  PostgresQuoteStore quote_store;
  PostgresTaxPositionStore tax_position_store;
  PostgresDeletionStore deletion_store;
  PostgresPaidOrderStore paid_order_store;
  BusinessMetrics metrics;
  OrderSteps steps;
  Orders orders;
  Quotes quotes;
  Sites sites;
  Products products;
  Renewals renewals;
  Deletions deletions;
  PaidOrders paid_orders;
};

void AddServices(const Config& config, Process& process, Parts& parts) {
  const crypto::PageTokens& tokens = process.page_tokens();
  process.Serve(MakeCatalogueService(config.catalogue));
  process.Serve(MakeSiteService(parts.sites, tokens));
  process.Serve(MakeProductService(parts.products, tokens));
  process.Serve(MakeOrderService(parts.quotes, parts.orders, tokens, process.clock()));
  process.Serve(MakeEntitlementService(parts.sites));
  process.Serve(MakeOrderBooksService(parts.product_store, tokens));
  process.Serve(MakeReconciliationService(parts.paid_orders, tokens));
  process.Serve(MakePersonalDataService(
      [&](const Uuid& account_id) { return parts.deletion_store.Export(account_id); }));
}

// Expiries before renewals, so that on a jump of the clock a product is seen to end before it comes back.
void AddJobs(Process& process, Parts& parts) {
  process.AddJob({"expiries", absl::Seconds(5), [&] { return parts.renewals.ExpireDue(); }});
  process.AddJob({"notices", absl::Seconds(30), [&] { return parts.renewals.TellDue(); }});
  // So many batches are under way while others wait for the gateway.
  for (int i = 0; i < kBatchesAtOnce; ++i) {
    process.AddJob({"renewals", absl::Seconds(2), [&] { return parts.renewals.RenewDue(); }});
    process.AddJob({"orders", absl::Milliseconds(500), [&] { return parts.orders.RunDue(); }});
  }
  process.AddJob({"ends", absl::Seconds(30), [&] { return parts.renewals.EndDue(); }});
  process.AddJob({"deletions", absl::Seconds(2), [&] { return parts.deletions.RunDue(); }});
  process.AddJob({"purge_quotes", absl::Minutes(1), [&] { return parts.quotes.Purge(); }});
  process.AddJob({"measure", absl::Seconds(5), [&] { return parts.metrics.Measure(); }});
}

void AddConsumers(Process& process, Parts& parts) {
  process.Consume("account", events::OnlyOf({"account.deleted"}),
                  events::OneByOne([&](const Event& event) -> absl::Status {
                    RETURN_IF_ERROR(process.ForgetAccount(event.account_id));
                    return parts.deletions.OnAccountDeleted(event.account_id);
                  }));
  process.Consume("payment_token", events::OnlyOf({"payment_method.created", "payment_method.deleted"}),
                  events::OneByOne([&](const Event& event) {
                    return event.type == "payment_method.created"
                               ? parts.renewals.OnPaymentMethod(event.account_id, event.subject)
                               : parts.renewals.OnPaymentMethodDeleted(event.account_id, event.subject);
                  }));
  process.Consume("billing", events::OnlyOf({"tax_position.changed"}),
                  events::OneByOne([&](const Event& event) -> absl::Status {
                    int64_t revision = 0;
                    const auto it = event.attributes.find("revision");
                    if (it == event.attributes.end() || !absl::SimpleAtoi(it->second, &revision))
                      return absl::InvalidArgumentError("has no revision");
                    return parts.quotes.OnTaxChanged(event.account_id, revision);
                  }));
}

}  // namespace
}  // namespace perennial::subscription

int main() {
  using namespace perennial;
  Environment environment;
  const auto config = subscription::ReadConfig(environment);
  if (!config.ok()) {
    std::fprintf(stderr, "%s\n", std::string(config.status().message()).c_str());
    return 2;
  }
  Process process(config->process);
  subscription::Parts parts(*config, process);
  subscription::AddServices(*config, process, parts);
  subscription::AddJobs(process, parts);
  subscription::AddConsumers(process, parts);
  return process.Run();
}
