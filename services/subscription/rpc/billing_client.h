#pragma once

#include "libs/rpc/peer.h"
#include "services/subscription/app/ports.h"

namespace perennial::subscription {

// Tax and documents, from billing. Request ids derive from the order, so a repeated step replays.
class BillingClient final : public Billing {
 public:
  explicit BillingClient(rpc::Peer& peer) : peer_(peer) {}

  absl::StatusOr<TaxAnswer> PreviewTax(const Uuid& account_id, const core::Offer& offer) override;
  std::vector<absl::StatusOr<int64_t>> CreateProFormas(const OrderBatch& orders) override;
  absl::Status CancelProForma(const core::Order& order) override;
  std::vector<absl::StatusOr<std::string>> IssueInvoices(const OrderBatch& orders) override;
  absl::StatusOr<std::string> CreateCreditNote(const core::Order& order) override;

 private:
  rpc::Peer& peer_;
};

}  // namespace perennial::subscription
