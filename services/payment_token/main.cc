#include <cstdio>
#include <string>

#include "libs/base/status_macros.h"
#include "libs/process/process.h"
#include "services/payment_token/app/charges.h"
#include "services/payment_token/app/movements.h"
#include "services/payment_token/app/payment_methods.h"
#include "services/payment_token/config.h"
#include "services/payment_token/gateways/stripe_gateway.h"
#include "services/payment_token/metrics.h"
#include "services/payment_token/rpc/charge_handler.h"
#include "services/payment_token/rpc/payment_method_handler.h"
#include "services/payment_token/rpc/personal_data_handler.h"
#include "services/payment_token/rpc/reconciliation_handler.h"
#include "services/payment_token/storage/postgres_charge_store.h"
#include "services/payment_token/storage/postgres_movement_store.h"
#include "services/payment_token/storage/postgres_payment_method_store.h"

int main() {
  using namespace perennial;
  using namespace perennial::payment_token;

  Environment environment;
  Config config = ReadConfig(environment);
  if (const absl::Status mistakes = environment.Check(); !mistakes.ok()) {
    std::fprintf(stderr, "%s\n", std::string(mistakes.message()).c_str());
    return 2;
  }
  Process process(std::move(config.process));
  const Vault vault(process.secret_key());
  PostgresPaymentMethodStore method_store(process.database(), process.outbox(), vault);
  PostgresChargeStore charge_store(process.database(), vault);
  StripeGateway gateway(std::move(config.gateway), process.metrics());
  ExportedPaymentMetrics metrics(process.metrics(), process.database());
  PaymentMethods methods(method_store, gateway, process.clock(), process.ids());
  Charges charges(charge_store, method_store, gateway, metrics, process.clock());

  process.Serve(MakePaymentMethodService(methods, process.page_tokens()));
  process.Serve(MakeChargeService(charges, methods));
  process.Serve(MakeChargeBooksService(charges, process.page_tokens()));
  PostgresMovementStore movement_store(process.database());
  Movements movements(movement_store, gateway, process.clock());
  process.Serve(MakeReconciliationService(movements, process.page_tokens()));
  process.Serve(MakePersonalDataService(methods, charges));
  process.AddJob({"ask_gateway", absl::Seconds(1), [&charges] { return charges.AskDue(); }});
  process.AddJob({"detach_at_gateway", absl::Seconds(1), [&methods] { return methods.DetachDue(); }});
  process.Consume("account", events::OnlyOf({"account.deleted"}),
                  events::OneByOne([&](const Event& event) -> absl::Status {
                    RETURN_IF_ERROR(methods.DeleteAccount(event.account_id));
                    return process.ForgetAccount(event.account_id);
                  }));
  return process.Run();
}
