#pragma once

#include "libs/rpc/peer.h"
#include "services/subscription/app/ports.h"

namespace perennial::subscription {

// Language and time zone, from account.
class AccountsClient final : public Accounts {
 public:
  explicit AccountsClient(rpc::Peer& peer) : peer_(peer) {}
  absl::StatusOr<std::map<Uuid, AccountProfile>> Find(const std::vector<Uuid>& account_ids) override;

 private:
  rpc::Peer& peer_;
};

}  // namespace perennial::subscription
