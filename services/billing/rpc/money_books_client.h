#pragma once

#include "libs/rpc/peer.h"
#include "services/billing/app/reconciliation_ports.h"

namespace perennial::billing {

class MoneyBooksClient final : public MoneyBooks {
 public:
  explicit MoneyBooksClient(rpc::Peer& peer) : peer_(peer) {}

  absl::StatusOr<PageOf<GatewaySide>> AtGateway(core::MovementKind kind, absl::Time since,
                                                const std::string& page_token) override;
  absl::StatusOr<PageOf<ChargeSide>> Succeeded(core::MovementKind kind, absl::Time since,
                                               const std::string& page_token) override;
  absl::StatusOr<std::vector<ChargeSide>> Find(const std::vector<Uuid>& charge_ids,
                                               const std::vector<Uuid>& refund_ids) override;

 private:
  rpc::Peer& peer_;
};

}  // namespace perennial::billing
