#pragma once

#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "services/billing/app/reconciliation_ports.h"

namespace perennial::billing {

// Compares gateway, payment_token, documents, ledger and orders, and keeps what does not agree. Reads only
// what moved since the last run, and what has not agreed yet.
class Reconciliation {
 public:
  // Told when a run must wait because another service or the gateway is away.
  using Observer = std::function<void(const absl::Status&)>;

  Reconciliation(ReconciliationStore& store, MoneyBooks& money, OrderBooks& orders, const Clock& clock,
                 Observer away)
      : store_(store), money_(money), orders_(orders), clock_(clock), away_(std::move(away)) {}

  // Goes on with the run that is due, for some pages. Returns how many; 0: nothing is due.
  absl::StatusOr<int> RunOnce();

  absl::StatusOr<ReconciliationReport> Report() { return store_.Report(); }
  absl::StatusOr<int64_t> CountUnsettled() { return store_.CountUnsettled(); }
  absl::StatusOr<std::vector<FoundDifference>> List(const std::optional<DifferencePosition>& after,
                                                    int limit) {
    return store_.List(after, limit);
  }
  absl::Status Restart(absl::Time since) { return store_.Restart(since, clock_.Now()); }

 private:
  absl::StatusOr<int> Work(const Uuid& run, absl::Time now);
  absl::Status ReadPage(const Uuid& run, Feed feed, absl::Time now);
  absl::Status ReadGateway(const Uuid& run, Feed feed, core::MovementKind kind, absl::Time now);
  absl::Status ReadCharges(const Uuid& run, Feed feed, core::MovementKind kind, absl::Time now);
  absl::Status ReadOrders(const Uuid& run, Feed feed, absl::Time now);
  // False if there was nothing to compare.
  absl::StatusOr<bool> Compare(const Uuid& run, absl::Time now);
  // Puts what they say now in the place of what they said.
  absl::Status AskOthers(std::vector<core::Movement*> movements);

  ReconciliationStore& store_;
  MoneyBooks& money_;
  OrderBooks& orders_;
  const Clock& clock_;
  const Observer away_;
};

}  // namespace perennial::billing
