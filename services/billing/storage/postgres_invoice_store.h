#pragma once

#include "libs/events/outbox.h"
#include "libs/pg/database.h"
#include "services/billing/app/ports.h"

namespace perennial::billing {

class PostgresInvoiceStore final : public InvoiceStore {
 public:
  PostgresInvoiceStore(pg::Database& database, events::Outbox& outbox, std::string secret_key)
      : database_(database), outbox_(outbox), secret_key_(std::move(secret_key)) {}

  absl::StatusOr<std::map<Uuid, core::ProForma>> FindProFormas(const std::vector<Uuid>& order_ids) override;
  absl::StatusOr<Outcomes<core::ProForma>> AddProFormas(
      const std::vector<core::ProForma>& pro_formas) override;
  absl::StatusOr<Outcomes<core::ProForma>> RenewProFormas(
      const std::vector<RenewedProForma>& pro_formas) override;
  absl::StatusOr<core::ProForma> CancelProForma(
      const Uuid& order_id, absl::FunctionRef<absl::Status(const core::ProForma&)> decide) override;
  absl::StatusOr<Outcomes<Issued>> Issue(const std::vector<PaidOrder>& orders,
                                         absl::FunctionRef<absl::StatusOr<core::Document>(
                                             size_t n, const core::ProForma&, const core::Document* issued)>
                                             decide) override;
  absl::StatusOr<Issued> Credit(
      const Uuid& order_id,
      absl::FunctionRef<absl::StatusOr<core::Document>(const core::Document& invoice,
                                                       const std::vector<core::Document>& credit_notes)>
          decide) override;
  absl::StatusOr<core::Document> Get(const Uuid& account_id, const Uuid& id) override;
  absl::StatusOr<std::vector<core::Document>> List(const Uuid& account_id,
                                                   std::optional<core::DocumentKind> kind,
                                                   std::optional<PagePosition> after, int limit) override;

 private:
  absl::StatusOr<std::vector<core::Document>> CreditNotesOn(const Uuid& invoice_id);
  // Numbers, stores, posts and tells of drafts, all of one kind.
  absl::Status Save(const std::vector<core::Document*>& drafts);

  pg::Database& database_;
  events::Outbox& outbox_;
  const std::string secret_key_;
};

}  // namespace perennial::billing
