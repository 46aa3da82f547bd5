// Records in the JSON shapes of Stripe's API: the fields that our subset gives a meaning to, and the
// always-present ones that typed clients expect.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "simulators/payment_gateway/core/books.h"
#include "simulators/payment_gateway/core/form.h"
#include "simulators/payment_gateway/core/records.h"

namespace perennial::gateway_simulator::core {

nlohmann::json Render(const Customer& customer);
nlohmann::json Render(const PaymentMethod& method);
nlohmann::json Render(const Intent& intent);
nlohmann::json Render(const Charge& charge);
nlohmann::json Render(const Refund& refund);

// The parameter `created[gt|gte|lt|lte]` of lists, in Unix seconds; half-open.
struct CreatedWindow {
  int64_t from = INT64_MIN;
  int64_t until = INT64_MAX;
};
CreatedWindow ReadCreatedWindow(FormReader& form);

// One page of `all`, newest first, as Stripe's list object. Reads `limit` (1–100, default 10), `created`
// (but for a search) and the id of the last record seen, in the parameter `cursor`; `keep` chooses the
// records. Mistakes go to the form.
template <typename Record, typename Keep>
nlohmann::json RenderPage(const Table<Record>& all, std::string_view url, FormReader& form, Keep keep,
                          std::string_view cursor = "starting_after") {
  const int64_t limit = form.Integer("limit").value_or(10);
  if (limit < 1 || limit > 100) form.Fail(InvalidRequest("The limit must be from 1 to 100.", "limit"));
  const std::string starting_after = form.Text(cursor);
  const bool is_list = cursor == "starting_after";
  const CreatedWindow created = is_list ? ReadCreatedWindow(form) : CreatedWindow{};
  size_t left = all.size();
  if (!starting_after.empty()) {
    const std::optional<size_t> through = all.CountThrough(starting_after);
    if (!through) form.Fail(NoSuchParameter("object", starting_after, cursor));
    left = through.value_or(1) - 1;
  }
  nlohmann::json data = nlohmann::json::array();
  bool has_more = false;
  while (left > 0 && !has_more) {
    const Record& record = all[--left];
    if (record.created < created.from) break;  // as are all before it
    if (record.created >= created.until || !keep(record)) continue;
    has_more = data.size() == static_cast<size_t>(limit);
    if (!has_more) data.push_back(Render(record));
  }
  return {{"object", "list"}, {"url", url}, {"has_more", has_more}, {"data", std::move(data)}};
}

}  // namespace perennial::gateway_simulator::core
