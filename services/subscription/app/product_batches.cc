#include "services/subscription/app/product_batches.h"

#include <exception>
#include <iterator>
#include <map>
#include <utility>

#include "libs/base/error.h"

namespace perennial::subscription {
namespace {

using Result = absl::StatusOr<core::Aggregate>;

// A row that cannot be read throws.
template <typename T>
T Caught(absl::FunctionRef<T()> run) {
  try {
    return run();
  } catch (const std::exception& error) {
    return absl::InternalError(error.what());
  }
}

Result UpdateAlone(ProductStore& products, const Uuid& product_id, size_t place,
                   ProductStore::DecideEach decide) {
  const auto decide_one = [&](core::Aggregate& aggregate) { return decide(place, aggregate); };
  return Caught<Result>([&] { return products.Update(product_id, decide_one); });
}

// As ProductStore::UpdateAll, but what the database refuses of one keeps no other.
std::vector<Result> UpdateTogether(ProductStore& products, const std::vector<const core::Aggregate*>& read,
                                   ProductStore::DecideEach decide) {
  using Results = std::vector<Result>;
  if (read.empty()) return {};
  absl::StatusOr<Results> together =
      Caught<absl::StatusOr<Results>>([&] { return products.UpdateAll(read, decide); });
  if (together.ok()) return *std::move(together);
  if (IsStoreAway(together.status()) || read.size() == 1) return Results(read.size(), together.status());
  Results results;
  for (size_t i = 0; i < read.size(); ++i)
    results.push_back(UpdateAlone(products, read[i]->product.id, i, decide));
  return results;
}

}  // namespace

bool IsStoreAway(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) || absl::IsCancelled(status);
}

std::vector<Result> UpdateApart(ProductStore& products, const std::vector<const core::Aggregate*>& read,
                                ProductStore::DecideEach decide) {
  std::vector<Result> results = UpdateTogether(products, read, decide);
  std::map<Uuid, size_t> changed;
  std::vector<Uuid> ids;
  for (size_t i = 0; i < read.size(); ++i) {
    if (!absl::IsAborted(results[i].status())) continue;
    changed.emplace(read[i]->product.id, i);
    ids.push_back(read[i]->product.id);
  }
  if (changed.empty()) return results;
  // Together again: of several workers that found the same work, all but one come here with all of it.
  const auto read_anew = LoadApart(products, ids, [](const Uuid&, const absl::Status&) {});
  std::vector<const core::Aggregate*> again;
  std::vector<size_t> places;
  if (!read_anew.ok()) {
    for (const auto& [id, place] : changed) results[place] = read_anew.status();
    return results;
  }
  for (const core::Aggregate& aggregate : *read_anew) {
    again.push_back(&aggregate);
    places.push_back(changed.at(aggregate.product.id));
  }
  const auto decide_again = [&](size_t n, core::Aggregate& aggregate) {
    return decide(places[n], aggregate);
  };
  std::vector<Result> written = UpdateTogether(products, again, decide_again);
  for (size_t n = 0; n < again.size(); ++n) results[places[n]] = std::move(written[n]);
  // Changed once more, unreadable, or gone.
  for (const auto& [id, place] : changed) {
    if (absl::IsAborted(results[place].status())) results[place] = UpdateAlone(products, id, place, decide);
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
    absl::StatusOr<Results> one = Caught<absl::StatusOr<Results>>([&] { return products.LoadAll({id}); });
    if (one.ok()) {
      std::move(one->begin(), one->end(), std::back_inserter(loaded));
    } else if (IsStoreAway(one.status())) {
      return one.status();
    } else {
      on_unreadable(id, one.status());
    }
  }
  return loaded;
}

}  // namespace perennial::subscription
