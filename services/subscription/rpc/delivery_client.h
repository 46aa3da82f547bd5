#pragma once

#include "libs/rpc/peer.h"
#include "services/subscription/app/ports.h"

namespace perennial::subscription {

// What was paid, delivered by domain_mailbox (R31).
class DeliveryClient final : public Delivery {
 public:
  DeliveryClient(rpc::Peer& peer, int mailbox_quota_mib)
      : peer_(peer), mailbox_quota_mib_(mailbox_quota_mib) {}

  absl::StatusOr<core::DeliveryAnswer> Deliver(const core::Product& product,
                                               const core::Order& order) override;
  absl::StatusOr<Availability> CheckDomain(const std::string& domain_name) override;
  absl::StatusOr<Availability> CheckMailbox(const Uuid& account_id, const Uuid& domain_product_id,
                                            const std::string& local_part) override;

 private:
  rpc::Peer& peer_;
  const int mailbox_quota_mib_;
};

}  // namespace perennial::subscription
