#pragma once

#include "libs/rpc/peer.h"
#include "services/subscription/app/ports.h"

namespace perennial::subscription {

// Tax and documents, from billing. Request ids derive from the order, so a repeated step replays.
class BillingClient final : public Billing {
 public:
  explicit BillingClient(rpc::Peer& peer) : peer_(peer) {}

  absl::StatusOr<Tax> PreviewTax(const Uuid& account_id, const core::Offer& offer) override;
  absl::StatusOr<int64_t> CreateProForma(const core::Order& order,
                                         std::optional<int64_t> expected_total_minor) override;
  absl::Status CancelProForma(const core::Order& order) override;
  absl::StatusOr<std::string> IssueInvoice(const core::Order& order) override;
  absl::StatusOr<std::string> CreateCreditNote(const core::Order& order) override;

 private:
  rpc::Peer& peer_;
};

}  // namespace perennial::subscription
