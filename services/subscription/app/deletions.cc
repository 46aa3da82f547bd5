#include "services/subscription/app/deletions.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/subscription/core/facts.h"
#include "services/subscription/core/renewal_rules.h"

namespace perennial::subscription {
namespace {

constexpr int kBatch = 20;
constexpr absl::Duration kLookAgain = absl::Seconds(2);

}  // namespace

absl::Status Deletions::OnAccountDeleted(const Uuid& account_id) {
  return deletions_.MarkDeleted(account_id, clock_.Now());
}

absl::StatusOr<bool> Deletions::TryPurge(const Uuid& account_id) {
  ASSIGN_OR_RETURN(const std::vector<Uuid> product_ids, deletions_.ProductIds(account_id));
  bool all_over = true;
  std::vector<Event> events;
  for (const Uuid& product_id : product_ids) {
    const auto close = [&](core::Aggregate& current) {
      all_over = core::CloseForDeletion(current, clock_.Now()) && all_over;
      return absl::OkStatus();
    };
    absl::StatusOr<core::Aggregate> aggregate = products_.Update(product_id, close);
    if (ReasonOf(aggregate.status()) == "PRODUCT_NOT_FOUND") continue;  // another process purges it, too
    RETURN_IF_ERROR(aggregate.status());
    if (aggregate->product.state == core::ProductState::kEnded) continue;
    aggregate->events.clear();
    core::Tell(*aggregate, "product.deleted", "account", clock_.Now()).attributes["reason"] =
        "account_deleted";
    events.push_back(aggregate->events.back());
  }
  if (!all_over) return false;
  return deletions_.Purge(account_id, events);
}

absl::StatusOr<int> Deletions::RunDue() {
  ASSIGN_OR_RETURN(const std::vector<Uuid> pending, deletions_.Pending(clock_.Now(), kBatch));
  int done = 0;
  absl::Status failed;
  for (const Uuid& account_id : pending) {
    const absl::StatusOr<bool> purged = TryPurge(account_id);
    if (purged.value_or(false)) {
      ++done;
      continue;
    }
    // One that fails keeps no other waiting. Orders go on in their own job, which counts that.
    failed.Update(purged.status());
    RETURN_IF_ERROR(deletions_.LookAgain(account_id, clock_.Now() + kLookAgain));
  }
  RETURN_IF_ERROR(failed);
  return done;
}

}  // namespace perennial::subscription
