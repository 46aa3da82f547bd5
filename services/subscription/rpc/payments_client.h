#pragma once

#include "libs/rpc/peer.h"
#include "services/subscription/app/ports.h"

namespace perennial::subscription {

// Charges and refunds, from payment_token. A charge's name is pinned in the attempt (R23).
class PaymentsClient final : public Payments {
 public:
  explicit PaymentsClient(rpc::Peer& peer) : peer_(peer) {}

  std::vector<absl::StatusOr<core::ChargeAnswer>> Charge(const std::vector<PinnedCharge>& charges) override;
  absl::StatusOr<core::ChargeAnswer> Ask(const core::Order& order, const core::Attempt& attempt) override;
  absl::StatusOr<core::ChargeAnswer> Cancel(const core::Order& order, const core::Attempt& attempt) override;
  absl::StatusOr<Refund> GiveBack(const core::Order& order) override;
  absl::StatusOr<std::string> DefaultMethod(const Uuid& account_id) override;

 private:
  absl::StatusOr<Refund> GiveBack(const core::Order& order, const Uuid& refund_id);

  rpc::Peer& peer_;
};

}  // namespace perennial::subscription
