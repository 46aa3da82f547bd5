#pragma once

#include <atomic>
#include <catch2/catch.hpp>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/billing/app/billing_profiles.h"
#include "services/billing/app/invoicing.h"
#include "services/billing/app/recognition.h"
#include "services/billing/gateways/cairo_invoice_writer.h"
#include "services/billing/gateways/ubl_invoice_writer.h"
#include "services/billing/storage/postgres_billing_profile_store.h"
#include "services/billing/storage/postgres_invoice_store.h"
#include "services/billing/storage/postgres_ledger_store.h"
#include "services/billing/storage/postgres_recognition_store.h"
#include "tests/services/billing/taxes.h"
#include "tests/support/fakes.h"
#include "tests/support/postgres_fixture.h"
#include "tests/support/status_matchers.h"

namespace perennial::billing {

// Answers as the test wants.
struct FakeTaxIdRegistry final : TaxIdRegistry {
  core::TaxIdAnswer Ask(const std::string& tax_id) override {
    asked.push_back(tax_id);
    return answer;
  }
  core::TaxIdAnswer answer{core::TaxIdState::kVerified, "WAPI1"};
  std::vector<std::string> asked;
};

// Billing's use cases on a schema of their own, with a French seller.
struct BillingFixture {
  explicit BillingFixture(int max_connections = 8) : postgres("billing", max_connections) {}

  testing::PostgresFixture postgres;
  testing::FakeClock clock;
  TimedIdSource ids;
  const std::string secret_key = std::string(32, 'k');
  PostgresInvoiceStore invoices{postgres.database(), postgres.outbox(), secret_key};
  PostgresBillingProfileStore profile_store{postgres.database(), postgres.outbox(), secret_key};
  PostgresLedgerStore ledger{postgres.database()};
  PostgresRecognitionStore recognition_store{postgres.database(), ids};
  Recognition recognition{recognition_store, clock, [](const Money&) {}};
  FakeTaxIdRegistry registry;
  BillingProfiles profiles{profile_store, registry, clock};
  CairoInvoiceWriter pdf;
  UblInvoiceWriter ubl;
  std::atomic<int> documents_seen = 0;
  Invoicing invoicing{
      invoices,
      profile_store,
      clock,
      ids,
      core::Seller{.party = {"Perennial SAS", "", {"1 rue"}, "75001", "Paris", "", "FR", "FR11123456782"},
                   .registrations = {},
                   .taxes = Taxes()},
      [this](const core::Document&) { ++documents_seen; }};

  // An order of this account for one line.
  NewProForma OrderOf(const Uuid& account_id, int64_t net_minor = 10'000) {
    core::ChargeLine line{
        "Gold", ids.Next(), CivilDate(2027, 1, 15), CivilDate(2028, 1, 15), {"EUR", net_minor}};
    return {{account_id, ids.Next()}, {line}, std::nullopt, core::Language::kEnglish, "Europe/Paris"};
  }

  // A paid order.
  core::Document Invoice(const Uuid& account_id, int64_t net_minor = 10'000) {
    const NewProForma order = OrderOf(account_id, net_minor);
    REQUIRE_OK(invoicing.CreateProForma(order));
    const auto invoice = invoicing.IssueInvoice(order.order, {ids.Next(), "Visa •••• 4242"});
    REQUIRE_OK(invoice);
    return *invoice;
  }

  NewCreditNote CreditFor(const core::Document& invoice, std::optional<int64_t> amount_minor) {
    const auto amount = amount_minor ? std::optional(Money{"EUR", *amount_minor}) : std::nullopt;
    return {{invoice.account_id.value(), invoice.order_id},
            ids.Next(),
            invoice.charge_id,
            amount,
            core::CreditReason::kWithdrawal};
  }

  int64_t Count(absl::string_view sql) {
    const auto rows = postgres.database().Query(sql);
    REQUIRE_OK(rows);
    return (*rows)[0].Get<int64_t>("count");
  }
};

inline Caller CustomerOf(const Uuid& account_id) {
  Caller caller;
  caller.kind = Caller::Kind::kCustomer;
  caller.account_id = account_id;
  return caller;
}

}  // namespace perennial::billing
