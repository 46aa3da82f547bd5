#pragma once

#include "absl/functional/function_ref.h"
#include "libs/pg/database.h"
#include "services/billing/app/reconciliation_ports.h"

namespace perennial::billing {

class PostgresReconciliationStore final : public ReconciliationStore {
 public:
  PostgresReconciliationStore(pg::Database& database, IdSource& ids) : database_(database), ids_(ids) {}

  absl::StatusOr<std::optional<Uuid>> Claim(absl::Time now, absl::Time lease_until) override;
  absl::StatusOr<std::optional<Feed>> NextFeed() override;
  absl::Status KeepGateway(const Uuid& run, const Feed& feed, core::MovementKind kind,
                           const std::vector<GatewaySide>& sides, absl::Time now,
                           absl::Time check_at) override;
  absl::Status KeepCharges(const Uuid& run, const Feed& feed, const std::vector<ChargeSide>& sides,
                           absl::Time now, absl::Time check_at) override;
  absl::Status KeepOrders(const Uuid& run, const Feed& feed, const std::vector<OrderSide>& sides,
                          absl::Time now, absl::Time check_at) override;
  absl::Status KeepDocuments(const Uuid& run, Feed feed, absl::Time before, absl::Time now,
                             absl::Time check_at, int limit) override;
  absl::StatusOr<std::vector<Due>> ToCompare(absl::Time now, int limit) override;
  absl::Status Record(const Uuid& run, const std::vector<Judged>& judged, absl::Time now,
                      absl::Time again_at) override;
  absl::Status Finish(const Uuid& run, absl::Time now, absl::Time next_at) override;
  absl::Status PutOff(const Uuid& run, absl::Time next_at) override;
  absl::Status Restart(absl::Time since, absl::Time now) override;
  absl::StatusOr<ReconciliationReport> Report() override;
  absl::StatusOr<int64_t> CountUnsettled() override;
  absl::StatusOr<std::vector<FoundDifference>> List(const std::optional<DifferencePosition>& after,
                                                    int limit) override;

 private:
  // Runs `write` in a transaction in which the run is still the last one; ABORTED if it is not.
  absl::Status InRun(const Uuid& run, absl::FunctionRef<absl::Status()> write);
  absl::Status KeepPlace(const Feed& feed);
  // The ids under which a page of the gateway is kept: a second capture for one charge is a movement of its
  // own.
  absl::StatusOr<std::vector<Uuid>> IdsOf(const std::vector<GatewaySide>& sides);
  absl::Status WriteJudged(const std::vector<Judged>& judged, absl::Time again_at);
  absl::Status WriteDifferences(const std::vector<Judged>& judged, absl::Time now);

  pg::Database& database_;
  IdSource& ids_;
};

}  // namespace perennial::billing
