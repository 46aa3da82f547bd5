#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/base/money.h"
#include "libs/base/uuid.h"
#include "services/subscription/core/order.h"

namespace perennial::subscription {

enum class PaidOrderState { kOpen, kApplied, kRefunded, kFailed };

// How far an order is, as the books see it.
PaidOrderState PaidOrderStateOf(core::OrderStep step);

// An order as billing compares it with its books.
struct PaidOrder {
  Uuid id;
  std::optional<Uuid> charge_id;
  std::optional<Money> total;
  PaidOrderState state = PaidOrderState::kOpen;
  bool has_term = false;  // that this order made, whatever became of it
  absl::Time updated_at;
};

class PaidOrderStore {
 public:
  virtual ~PaidOrderStore() = default;
  // Done or refunded, with a charge; by updated_at and id, after the position `after` (empty: since `since`),
  // before `before`.
  virtual absl::StatusOr<std::vector<PaidOrder>> List(absl::Time since, const std::string& after,
                                                      absl::Time before, int limit) = 0;
  virtual absl::StatusOr<std::vector<PaidOrder>> Find(const std::vector<Uuid>& ids) = 0;
};

// Orders that money was charged for, for billing to compare.
class PaidOrders {
 public:
  PaidOrders(PaidOrderStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  // But for those of the last minute: a row carries the time of before its transaction.
  absl::StatusOr<std::vector<PaidOrder>> List(absl::Time since, const std::string& after, int limit) {
    return store_.List(since, after, clock_.Now() - absl::Minutes(1), limit);
  }
  absl::StatusOr<std::vector<PaidOrder>> Find(const std::vector<Uuid>& ids) { return store_.Find(ids); }

 private:
  PaidOrderStore& store_;
  const Clock& clock_;
};

}  // namespace perennial::subscription
