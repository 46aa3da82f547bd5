#include "services/subscription/app/deletions.h"

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
    ASSIGN_OR_RETURN(core::Aggregate aggregate, products_.Update(product_id, close));
    if (aggregate.product.state == core::ProductState::kEnded) continue;
    aggregate.events.clear();
    core::Tell(aggregate, "product.deleted", "account", clock_.Now()).attributes["reason"] =
        "account_deleted";
    events.push_back(aggregate.events.back());
  }
  if (!all_over) return false;
  return deletions_.Purge(account_id, events);
}

absl::StatusOr<int> Deletions::RunDue() {
  ASSIGN_OR_RETURN(const auto pending, deletions_.Pending(clock_.Now(), kBatch));
  int done = 0;
  for (const DeletionStore::Deletion& each : pending) {
    ASSIGN_OR_RETURN(const bool moved,
                     each.rows_gone ? deletions_.Forget(each.account_id) : TryPurge(each.account_id));
    if (moved) {
      ++done;
    } else {
      // Orders and facts go on in their own jobs, which count that.
      RETURN_IF_ERROR(deletions_.LookAgain(each.account_id, clock_.Now() + kLookAgain));
    }
  }
  return done;
}

}  // namespace perennial::subscription
