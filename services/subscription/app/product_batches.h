#pragma once

#include <vector>

#include "services/subscription/app/ports.h"

namespace perennial::subscription {

// The store itself is away: no other product would do better.
bool IsStoreAway(const absl::Status& status);

// As ProductStore::UpdateAll, but `decide` runs on a product that changed since it was read as well, as it is
// then; and one that cannot be read or written keeps no other: then each is updated alone. A store that is
// away is the result of all.
std::vector<absl::StatusOr<core::Aggregate>> UpdateApart(ProductStore& products,
                                                         const std::vector<const core::Aggregate*>& read,
                                                         ProductStore::DecideEach decide);

// The same for ProductStore::LoadAll; what cannot be read, or is gone, is left out.
absl::StatusOr<std::vector<core::Aggregate>> LoadApart(
    ProductStore& products, const std::vector<Uuid>& product_ids,
    absl::FunctionRef<void(const Uuid& product_id, const absl::Status& why)> on_unreadable);

}  // namespace perennial::subscription
