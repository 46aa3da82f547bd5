#include "services/subscription/core/facts.h"

#include "absl/strings/str_cat.h"
#include "libs/base/resource_name.h"

namespace perennial::subscription::core {
namespace {

std::string KindText(ProductKind kind) {
  switch (kind) {
    case ProductKind::kPlan:
      return "plan";
    case ProductKind::kDomain:
      return "domain";
    case ProductKind::kMailbox:
      return "mailbox";
  }
  return "";
}

}  // namespace

std::string ProductName(const Product& product) {
  return MakeChildName(product.account_id, "products", product.id);
}

std::string OrderName(const Order& order) {
  return MakeChildName(order.account_id, "orders", order.id);
}

Event& Tell(Aggregate& aggregate, const std::string& type, const std::string& once, absl::Time now) {
  const Product& product = aggregate.product;
  Event event{Uuid::Derive(product.id, absl::StrCat(type, "/", once)),
              type,
              product.account_id,
              ProductName(product),
              now,
              {}};
  event.attributes = {{"product", ProductName(product)},
                      {"product_kind", KindText(product.kind)},
                      {"display_name", product.display_name},
                      {"time_zone", product.time_zone},
                      {"auto_renew", product.auto_renew ? "true" : "false"}};
  if (product.start) event.attributes["expiry"] = FormatDate(ExpiryOf(product));
  aggregate.events.push_back(std::move(event));
  return aggregate.events.back();
}

Event& TellOfOrder(Aggregate& aggregate, const Order& order, const std::string& type, const std::string& once,
                   absl::Time now) {
  Event& event = Tell(aggregate, type, once, now);
  event.attributes["order"] = OrderName(order);
  event.attributes["currency"] = order.offer.currency;
  event.attributes["amount_minor"] = std::to_string(order.total_minor.value_or(order.offer.NetMinor()));
  if (order.attempt_count > 0) event.attributes["attempt"] = std::to_string(order.attempt_count);
  if (!order.decline_code.empty()) event.attributes["decline_code"] = order.decline_code;
  if (!order.action_url.empty()) event.attributes["action_url"] = order.action_url;
  const bool next_link = order.wait == Wait::kCustomer && order.action_url.empty() && order.dunning_ends_at &&
                         order.next_at < order.dunning_ends_at;
  if ((order.wait == Wait::kRung || next_link) && order.next_at)
    event.attributes["next_attempt"] =
        absl::FormatTime(absl::RFC3339_sec, *order.next_at, absl::UTCTimeZone());
  if (order.dunning_ends_at)
    event.attributes["ends"] =
        absl::FormatTime(absl::RFC3339_sec, *order.dunning_ends_at, absl::UTCTimeZone());
  return event;
}

}  // namespace perennial::subscription::core
