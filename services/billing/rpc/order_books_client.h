#pragma once

#include "libs/rpc/peer.h"
#include "services/billing/app/reconciliation_ports.h"

namespace perennial::billing {

class OrderBooksClient final : public OrderBooks {
 public:
  explicit OrderBooksClient(rpc::Peer& peer) : peer_(peer) {}

  absl::StatusOr<PageOf<OrderSide>> Paid(absl::Time since, const std::string& page_token) override;
  absl::StatusOr<std::vector<OrderSide>> Find(const std::vector<Uuid>& order_ids) override;

 private:
  rpc::Peer& peer_;
};

}  // namespace perennial::billing
