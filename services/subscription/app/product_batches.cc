#include "services/subscription/app/product_batches.h"

#include <exception>

#include "libs/base/error.h"

namespace perennial::subscription {
namespace {

// A row that cannot be read throws.
template <typename Result>
Result Caught(absl::FunctionRef<Result()> run) {
  try {
    return run();
  } catch (const std::exception& error) {
    return absl::InternalError(error.what());
  }
}

}  // namespace

bool IsStoreAway(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) || absl::IsCancelled(status);
}

std::vector<absl::StatusOr<core::Aggregate>> UpdateApart(ProductStore& products,
                                                         const std::vector<const core::Aggregate*>& read,
                                                         ProductStore::DecideEach decide) {
  using Results = std::vector<absl::StatusOr<core::Aggregate>>;
  absl::StatusOr<Results> together =
      Caught<absl::StatusOr<Results>>([&] { return products.UpdateAll(read, decide); });
  if (together.ok()) return *std::move(together);
  if (IsStoreAway(together.status()) || read.size() == 1) return Results(read.size(), together.status());
  Results results;
  for (size_t i = 0; i < read.size(); ++i) {
    const auto decide_one = [&](core::Aggregate& aggregate) { return decide(i, aggregate); };
    results.push_back(Caught<absl::StatusOr<core::Aggregate>>(
        [&] { return products.Update(read[i]->product.id, decide_one); }));
  }
  return results;
}

absl::StatusOr<std::vector<core::Aggregate>> LoadApart(
    ProductStore& products, const std::vector<Uuid>& product_ids,
    absl::FunctionRef<void(const Uuid& product_id, const absl::Status& why)> on_unreadable) {
  using Results = std::vector<core::Aggregate>;
  absl::StatusOr<Results> together =
      Caught<absl::StatusOr<Results>>([&] { return products.LoadAll(product_ids); });
  if (together.ok() || IsStoreAway(together.status())) return together;
  Results loaded;
  for (const Uuid& id : product_ids) {
    absl::StatusOr<core::Aggregate> one =
        Caught<absl::StatusOr<core::Aggregate>>([&] { return products.Load(id); });
    if (one.ok()) {
      loaded.push_back(*std::move(one));
    } else if (IsStoreAway(one.status())) {
      return one.status();
    } else {
      on_unreadable(id, one.status());
    }
  }
  return loaded;
}

}  // namespace perennial::subscription
