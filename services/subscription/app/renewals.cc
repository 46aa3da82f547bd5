#include "services/subscription/app/renewals.h"

#include <map>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/subscription/app/product_batches.h"

namespace perennial::subscription {
namespace {

constexpr int kBatch = 500;

// A product that cannot be handled is looked at again only after this.
constexpr absl::Duration kPostponed = absl::Minutes(10);

}  // namespace

// Runs a rule on the products, under their locks. One that fails is put aside for a person to look at, so
// that the others of the batch, and of those after it, still have their turn.
absl::StatusOr<std::vector<core::Aggregate>> Renewals::ForEach(const Due& due, Rule rule) {
  std::vector<Uuid> product_ids;
  for (const auto& each : due) product_ids.push_back(each.product_id);
  std::map<Uuid, absl::Status> failed;
  const auto on_unreadable = [&](const Uuid& id, const absl::Status& why) { failed[id] = why; };
  ASSIGN_OR_RETURN(const std::vector<core::Aggregate> loaded,
                   LoadApart(products_, product_ids, on_unreadable));
  std::vector<const core::Aggregate*> read;
  for (const core::Aggregate& aggregate : loaded) read.push_back(&aggregate);
  std::vector<bool> changed(read.size());
  const auto decide = [&](size_t place, core::Aggregate& aggregate) -> absl::Status {
    ASSIGN_OR_RETURN(changed[place], rule(aggregate));
    return absl::OkStatus();
  };
  std::vector<absl::StatusOr<core::Aggregate>> updated = UpdateApart(products_, read, decide);
  for (size_t i = 0; i < read.size(); ++i) failed[read[i]->product.id] = updated[i].status();
  for (const auto& [id, status] : failed) {
    if (IsStoreAway(status)) return status;
    const bool is_gone = ReasonOf(status) == "PRODUCT_NOT_FOUND";  // meanwhile
    if (status.ok() || is_gone) continue;
    meter_.Trouble("a product could not be handled", id, std::string(status.message()));
    RETURN_IF_ERROR(products_.Postpone(id, clock_.Now() + kPostponed));
  }
  std::vector<core::Aggregate> written;
  for (size_t i = 0; i < read.size(); ++i) {
    if (changed[i] && updated[i].ok()) written.push_back(*std::move(updated[i]));
  }
  return written;
}

absl::StatusOr<int> Renewals::CountEach(const Due& due, Rule rule) {
  ASSIGN_OR_RETURN(const std::vector<core::Aggregate> written, ForEach(due, rule));
  return static_cast<int>(written.size());
}

absl::StatusOr<bool> Renewals::OpenRenewal(const core::Customer& customer, core::Aggregate& aggregate) {
  if (const auto& domain_id = aggregate.product.domain_product_id) {
    ASSIGN_OR_RETURN(const core::Aggregate domain, products_.Load(*domain_id));
    if (domain.product.state != core::ProductState::kActive) {
      core::PutOffRenewal(aggregate, clock_.Now());
      return false;
    }
  }
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(const bool opened, core::OpenRenewal(catalogue_, customer, ids_.Next(), aggregate, now));
  if (!opened) return false;
  // Who opens it takes it on; another worker does, should this one be killed.
  core::Order& order = *core::OpenAutomaticRenewal(aggregate);
  if (order.next_at <= now) order.lease_until = now + kOrderLease;
  return true;
}

absl::StatusOr<std::vector<HeldOrder>> Renewals::Open() {
  const std::lock_guard lock(opening_);
  ASSIGN_OR_RETURN(Due due, products_.RenewalsDue(clock_.Now(), kBatch));
  if (due.empty()) return std::vector<HeldOrder>();
  std::vector<Uuid> account_ids;
  for (const auto& each : due) account_ids.push_back(each.account_id);
  // Language and zone of the day: the invoice and the new term keep them.
  ASSIGN_OR_RETURN(const auto profiles, accounts_.Find(account_ids));
  const auto is_gone = [&](const ProductStore::Due& each) {
    const auto profile = profiles.find(each.account_id);
    return profile == profiles.end() || profile->second.deleted;
  };
  for (const auto& each : due) {  // its deletion is on the way
    if (is_gone(each)) RETURN_IF_ERROR(products_.Postpone(each.product_id, clock_.Now() + kPostponed));
  }
  std::erase_if(due, is_gone);
  ASSIGN_OR_RETURN(std::vector<core::Aggregate> opened, ForEach(due, [&](core::Aggregate& aggregate) {
                     return OpenRenewal(profiles.at(aggregate.product.account_id).customer, aggregate);
                   }));
  std::vector<HeldOrder> held;
  for (core::Aggregate& aggregate : opened) {
    const Uuid order_id = core::OpenAutomaticRenewal(aggregate)->id;
    held.push_back({std::move(aggregate), order_id});
  }
  return held;
}

absl::StatusOr<int> Renewals::RenewDue() {
  ASSIGN_OR_RETURN(std::vector<HeldOrder> held, Open());
  const int count = static_cast<int>(held.size());
  std::erase_if(held, [](const HeldOrder& each) { return !each.order().lease_until; });  // waits for a method
  RETURN_IF_ERROR(orders_.DriveHeld(std::move(held)));
  return count;
}

absl::StatusOr<int> Renewals::TellDue() {
  ASSIGN_OR_RETURN(const auto due, products_.NoticesDue(clock_.Now(), kBatch));
  return CountEach(
      due, [&](core::Aggregate& aggregate) { return core::TellAhead(catalogue_, aggregate, clock_.Now()); });
}

absl::StatusOr<int> Renewals::ExpireDue() {
  ASSIGN_OR_RETURN(const auto due, products_.ExpiriesDue(clock_.Now(), kBatch));
  return CountEach(due, [&](core::Aggregate& aggregate) {
    return core::Expire(catalogue_.dunning(), aggregate, clock_.Now());
  });
}

absl::StatusOr<int> Renewals::EndDue() {
  ASSIGN_OR_RETURN(const auto due, products_.EndsDue(clock_.Now(), kBatch));
  return CountEach(due, [&](core::Aggregate& aggregate) {
    return core::End(catalogue_.dunning(), aggregate, clock_.Now());
  });
}

absl::Status Renewals::ForEachWaiting(const Uuid& account_id,
                                      absl::FunctionRef<bool(core::Aggregate&)> rule) {
  ASSIGN_OR_RETURN(const std::vector<Uuid> waiting, products_.WaitingRenewals(account_id));
  for (const Uuid& product_id : waiting) {
    const auto decide = [&](core::Aggregate& aggregate) {
      rule(aggregate);
      return absl::OkStatus();
    };
    RETURN_IF_ERROR(products_.Update(product_id, decide).status());
  }
  return absl::OkStatus();
}

absl::Status Renewals::OnPaymentMethod(const Uuid& account_id, const std::string& method) {
  return ForEachWaiting(account_id, [&](core::Aggregate& aggregate) {
    return core::MethodArrived(catalogue_.dunning(), aggregate, method, clock_.Now());
  });
}

absl::Status Renewals::OnPaymentMethodDeleted(const Uuid& account_id, const std::string& method) {
  return ForEachWaiting(account_id, [&](core::Aggregate& aggregate) {
    return core::MethodGone(catalogue_.dunning(), aggregate, method, clock_.Now());
  });
}

}  // namespace perennial::subscription
