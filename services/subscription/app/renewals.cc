#include "services/subscription/app/renewals.h"

#include "libs/base/status_macros.h"

namespace perennial::subscription {
namespace {

constexpr int kBatch = 100;

// Runs a rule on each product that is due, under its lock. A product that is gone meanwhile is no matter.
absl::StatusOr<int> ForEach(ProductStore& products, const std::vector<ProductStore::Due>& due,
                            absl::FunctionRef<bool(core::Aggregate&)> rule) {
  int done = 0;
  for (const auto& each : due) {
    bool changed = false;
    const absl::Status status = products
                                    .Update(each.product_id,
                                            [&](core::Aggregate& aggregate) {
                                              changed = rule(aggregate);
                                              return absl::OkStatus();
                                            })
                                    .status();
    if (absl::IsNotFound(status)) continue;
    RETURN_IF_ERROR(status);
    if (changed) ++done;
  }
  return done;
}

}  // namespace

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
    if (profile == profiles.end() || profile->second.deleted) continue;  // its deletion is on the way
    bool opened = false;
    const absl::Status status =
        products_
            .Update(each.product_id,
                    [&](core::Aggregate& aggregate) -> absl::Status {
                      ASSIGN_OR_RETURN(opened, core::OpenRenewal(catalogue_, profile->second.customer,
                                                                 ids_.Next(), aggregate, clock_.Now()));
                      return absl::OkStatus();
                    })
            .status();
    if (absl::IsNotFound(status)) continue;
    RETURN_IF_ERROR(status);
    if (opened) ++done;
  }
  return done;
}

absl::StatusOr<int> Renewals::TellDue() {
  ASSIGN_OR_RETURN(const auto due, products_.NoticesDue(clock_.Now(), kBatch));
  return ForEach(products_, due, [&](core::Aggregate& aggregate) {
    return core::TellAhead(catalogue_.dunning(), aggregate, clock_.Now());
  });
}

absl::StatusOr<int> Renewals::ExpireDue() {
  ASSIGN_OR_RETURN(const auto due, products_.ExpiriesDue(clock_.Now(), kBatch));
  return ForEach(products_, due, [&](core::Aggregate& aggregate) {
    return core::Expire(catalogue_.dunning(), aggregate, clock_.Now());
  });
}

absl::StatusOr<int> Renewals::EndDue() {
  ASSIGN_OR_RETURN(const auto due, products_.EndsDue(clock_.Now(), kBatch));
  return ForEach(products_, due, [&](core::Aggregate& aggregate) {
    return core::End(catalogue_.dunning(), aggregate, clock_.Now());
  });
}

absl::Status Renewals::OnPaymentMethod(const Uuid& account_id, const std::string& method) {
  ASSIGN_OR_RETURN(const std::vector<Uuid> waiting, products_.WaitingRenewals(account_id));
  for (const Uuid& product_id : waiting) {
    RETURN_IF_ERROR(products_
                        .Update(product_id,
                                [&](core::Aggregate& aggregate) {
                                  core::MethodArrived(catalogue_.dunning(), aggregate, method, clock_.Now());
                                  return absl::OkStatus();
                                })
                        .status());
  }
  return absl::OkStatus();
}

}  // namespace perennial::subscription
