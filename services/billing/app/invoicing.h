#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/base/money.h"
#include "libs/base/uuid.h"
#include "services/billing/app/ports.h"

namespace perennial::billing {

struct OrderId {
  Uuid account_id;
  Uuid id;
};

struct NewProForma {
  OrderId order;
  std::vector<core::ChargeLine> lines;
  std::optional<Money> expected_total;
  core::Language language;
  std::string time_zone;
};

struct Payment {
  std::optional<Uuid> charge_id;
  std::string description;
  std::optional<int64_t> charged_minor = {};  // unset: not compared
};

// The tax on lines, and what it follows from, for who computes it again without asking.
struct TaxPreview {
  core::Bill bill;
  core::TaxPosition position;
  int64_t tax_revision;  // of the profile
  // The position may be another one from then on, though the profile stays as it is.
  absl::Time ask_again_at;
};

struct NewInvoice {
  OrderId order;
  Payment payment;
};

struct NewCreditNote {
  OrderId order;
  std::optional<Uuid> refund_id;
  std::optional<Uuid> refunded_charge_id;  // whose refund it is
  std::optional<Money> amount;
  core::CreditReason reason;
};

// Tax and documents of an order, for subscription (R27).
class Invoicing {
 public:
  // Told of each document that is new, for metrics.
  using Observer = std::function<void(const core::Document&)>;

  Invoicing(InvoiceStore& invoices, BillingProfileStore& profiles, const Clock& clock, IdSource& ids,
            core::Seller seller, Observer observer);

  // Refusals: those of core::PlaceOfSupply and core::MakeBill.
  absl::StatusOr<TaxPreview> PreviewTax(const Uuid& account_id, const std::vector<core::ChargeLine>& lines,
                                        core::Language language);
  // An order's pro-forma of the same contents is returned as it is, whatever became of it. Only when no total
  // was agreed to is an open one brought up to the tax and the buyer of the day first (R26, R27): the renewal
  // that it is for may be tried for weeks.
  // Refusals: PreviewTax's, PRO_FORMA_CHANGED, PRO_FORMA_EXISTS, ACCOUNT_DELETED.
  absl::StatusOr<core::ProForma> CreateProForma(const NewProForma& request);
  // The same for many orders, no two the same, in a few round trips for all.
  absl::StatusOr<Outcomes<core::ProForma>> CreateProFormas(const std::vector<NewProForma>& requests);
  // Refusals: PRO_FORMA_NOT_FOUND, INVOICE_ALREADY_ISSUED.
  absl::StatusOr<core::ProForma> CancelProForma(const OrderId& order);
  // Refusals: PRO_FORMA_NOT_FOUND, PRO_FORMA_CANCELLED, INVOICE_ALREADY_ISSUED.
  absl::StatusOr<core::Document> IssueInvoice(const OrderId& order, const Payment& payment);
  // The same for many orders, no two of one order or charge, in one transaction. It fails as a whole with
  // INVOICE_ALREADY_ISSUED if one of the charges pays another order at the same moment.
  absl::StatusOr<Outcomes<core::Document>> IssueInvoices(const std::vector<NewInvoice>& requests);
  // Refusals: INVOICE_NOT_FOUND, CREDIT_EXCEEDS_INVOICE, AMOUNT_INVALID, CURRENCY_MISMATCH.
  absl::StatusOr<core::Document> CreateCreditNote(const NewCreditNote& request);

 private:
  // A pro-forma as it would be made now. Refusals: CreateProForma's.
  absl::StatusOr<core::ProForma> Draft(const NewProForma& request, const core::BillingProfile& profile,
                                       absl::Time now);

  InvoiceStore& invoices_;
  BillingProfileStore& profiles_;
  const Clock& clock_;
  IdSource& ids_;
  const core::Seller seller_;
  const Observer observer_;
};

}  // namespace perennial::billing
