#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "libs/base/uuid.h"
#include "libs/rpc/status.h"
#include "services/subscription/app/away.h"
#include "services/subscription/core/order.h"

namespace perennial::subscription {

// Calls a batch method (AIP-233) that takes `Item`s and answers with `Value`s, most 500 at once.
template <typename Item, typename Value, typename Request, typename Response>
struct BatchCall {
  std::string method;
  absl::Duration timeout;
  std::function<void(const Item&, Request&)> add;  // to the request's items
  std::function<const core::Order&(const Item&)> order_of;
  std::function<std::vector<Value>(const Response&)> values;  // the successes
  static constexpr size_t kMost = 500;

  // The answer to each item, in their order. What the whole call is refused is the fault of one item, or of
  // their size: then each half goes by itself, until that item is alone.
  // `peer`: an rpc::Peer.
  template <typename Peer>
  std::vector<absl::StatusOr<Value>> Run(Peer& peer, const std::vector<Item>& items) const {
    std::vector<absl::StatusOr<Value>> results;
    for (size_t at = 0; at < items.size(); at += kMost) {
      const auto begin = items.begin() + static_cast<ptrdiff_t>(at);
      const auto end = begin + static_cast<ptrdiff_t>(std::min(kMost, items.size() - at));
      Append(RunPart(peer, std::vector<Item>(begin, end)), results);
    }
    return results;
  }

 private:
  template <typename Peer>
  std::vector<absl::StatusOr<Value>> RunPart(Peer& peer, const std::vector<Item>& part) const {
    Request request;
    // Of the orders as they are now. What one is refused is remembered with the batch's answer; when it is
    // tried again, with a billing profile mended meanwhile, say, its version is another one.
    std::string key = method;
    for (const Item& item : part) {
      add(item, request);
      absl::StrAppend(&key, "/", order_of(item).id.ToString(), "/", order_of(item).version);
    }
    request.set_request_id(Uuid::Derive(Uuid(), key).ToString());
    const absl::StatusOr<Response> response = peer.template Call<Response>(method, request, timeout);
    std::vector<absl::StatusOr<Value>> results;
    if (response.ok()) return InOrder(*response, part.size());
    if (part.size() == 1 || IsAway(response.status())) {
      results.resize(part.size(), response.status());
      return results;
    }
    const auto middle = part.begin() + static_cast<ptrdiff_t>(part.size() / 2);
    Append(RunPart(peer, std::vector<Item>(part.begin(), middle)), results);
    Append(RunPart(peer, std::vector<Item>(middle, part.end())), results);
    return results;
  }

  std::vector<absl::StatusOr<Value>> InOrder(const Response& response, size_t size) const {
    std::vector<Value> successes = values(response);
    const absl::Status missing = absl::InternalError(method + " did not answer every item");
    std::vector<absl::StatusOr<Value>> results(size, missing);
    if (successes.size() + response.failed_requests().size() != size) return results;
    auto success = successes.begin();
    for (size_t i = 0; i < size; ++i) {
      const auto failed = response.failed_requests().find(static_cast<int>(i));
      if (failed != response.failed_requests().end()) {
        results[i] = rpc::FromProto(failed->second);
      } else if (success != successes.end()) {
        results[i] = std::move(*success++);
      }
    }
    return results;
  }

  static void Append(std::vector<absl::StatusOr<Value>> part, std::vector<absl::StatusOr<Value>>& results) {
    std::move(part.begin(), part.end(), std::back_inserter(results));
  }
};

}  // namespace perennial::subscription
