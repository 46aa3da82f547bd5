#include "services/subscription/app/renewals.h"

#include <exception>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace perennial::subscription {
namespace {

constexpr int kBatch = 100;

// A product that cannot be handled is looked at again only after this.
constexpr absl::Duration kPostponed = absl::Minutes(10);

// The store itself is away: no other product would do better.
bool IsStoreAway(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) || absl::IsCancelled(status);
}

}  // namespace

// Runs a rule on the product, under its lock. One that fails is put aside for a person to look at, so that
// the others of the batch, and of those after it, still have their turn.
absl::StatusOr<bool> Renewals::Run(const Uuid& product_id, Rule rule) {
  bool changed = false;
  const auto decide = [&](core::Aggregate& aggregate) -> absl::Status {
    ASSIGN_OR_RETURN(changed, rule(aggregate));
    return absl::OkStatus();
  };
  absl::Status status;
  try {
    status = products_.Update(product_id, decide).status();
  } catch (const std::exception& error) {
    status = absl::InternalError(error.what());  // a row that cannot be read
  }
  if (status.ok()) return changed;
  if (IsStoreAway(status)) return status;
  if (ReasonOf(status) == "PRODUCT_NOT_FOUND") return false;  // gone meanwhile
  meter_.Trouble("a product could not be handled", product_id, std::string(status.message()));
  RETURN_IF_ERROR(products_.Postpone(product_id, clock_.Now() + kPostponed));
  return false;
}

absl::StatusOr<int> Renewals::ForEach(const Due& due, Rule rule) {
  int done = 0;
  for (const auto& each : due) {
    ASSIGN_OR_RETURN(const bool changed, Run(each.product_id, rule));
    if (changed) ++done;
  }
  return done;
}

absl::StatusOr<bool> Renewals::OpenRenewal(const core::Customer& customer, core::Aggregate& aggregate) {
  if (const auto& domain_id = aggregate.product.domain_product_id) {
    ASSIGN_OR_RETURN(const core::Aggregate domain, products_.Load(*domain_id));
    if (domain.product.state != core::ProductState::kActive) {
      core::PutOffRenewal(aggregate, clock_.Now());
      return false;
    }
  }
  return core::OpenRenewal(catalogue_, customer, ids_.Next(), aggregate, clock_.Now());
}

absl::StatusOr<int> Renewals::OpenDue() {
  ASSIGN_OR_RETURN(const auto due, products_.RenewalsDue(clock_.Now(), kBatch));
  if (due.empty()) return 0;
  std::vector<Uuid> account_ids;
  for (const auto& each : due) account_ids.push_back(each.account_id);
  // Language and zone of the day: the invoice and the new term keep them.
  ASSIGN_OR_RETURN(const auto profiles, accounts_.Find(account_ids));
  int done = 0;
  for (const auto& each : due) {
    const auto profile = profiles.find(each.account_id);
    if (profile == profiles.end() || profile->second.deleted) {  // its deletion is on the way
      RETURN_IF_ERROR(products_.Postpone(each.product_id, clock_.Now() + kPostponed));
      continue;
    }
    const core::Customer& customer = profile->second.customer;
    ASSIGN_OR_RETURN(const bool opened, Run(each.product_id, [&](core::Aggregate& aggregate) {
                       return OpenRenewal(customer, aggregate);
                     }));
    if (opened) ++done;
  }
  return done;
}

absl::StatusOr<int> Renewals::TellDue() {
  ASSIGN_OR_RETURN(const auto due, products_.NoticesDue(clock_.Now(), kBatch));
  return ForEach(
      due, [&](core::Aggregate& aggregate) { return core::TellAhead(catalogue_, aggregate, clock_.Now()); });
}

absl::StatusOr<int> Renewals::ExpireDue() {
  ASSIGN_OR_RETURN(const auto due, products_.ExpiriesDue(clock_.Now(), kBatch));
  return ForEach(due, [&](core::Aggregate& aggregate) {
    return core::Expire(catalogue_.dunning(), aggregate, clock_.Now());
  });
}

absl::StatusOr<int> Renewals::EndDue() {
  ASSIGN_OR_RETURN(const auto due, products_.EndsDue(clock_.Now(), kBatch));
  return ForEach(due, [&](core::Aggregate& aggregate) {
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
