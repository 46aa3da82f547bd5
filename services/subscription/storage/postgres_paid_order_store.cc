#include "services/subscription/storage/postgres_paid_order_store.h"

#include "libs/base/status_macros.h"
#include "services/subscription/app/position.h"
#include "services/subscription/storage/names.h"

// A term that an upgrade replaced since counts as well: the order did make it.
#define PAID_ORDERS                                                                                     \
  "SELECT o.id, o.charge_id, o.total_minor, o.offer ->> 'currency' AS currency, o.step, o.updated_at, " \
  "EXISTS (SELECT FROM terms t WHERE t.product_id = o.product_id AND t.order_id = o.id) AS has_term "   \
  "FROM orders o "

namespace perennial::subscription {
namespace {

std::vector<PaidOrder> Read(const pg::Rows& rows) {
  std::vector<PaidOrder> orders;
  for (const pg::Row row : rows) {
    PaidOrder order;
    order.id = row.Get<Uuid>("id");
    order.charge_id = row.Get<std::optional<Uuid>>("charge_id");
    const auto total_minor = row.Get<std::optional<int64_t>>("total_minor");
    if (total_minor) order.total = Money{row.Get<std::string>("currency"), *total_minor};
    order.state = PaidOrderStateOf(FromText<core::OrderStep>(row.Get<std::string>("step")));
    order.has_term = row.Get<bool>("has_term");
    order.updated_at = row.Get<absl::Time>("updated_at");
    orders.push_back(order);
  }
  return orders;
}

}  // namespace

absl::StatusOr<std::vector<PaidOrder>> PostgresPaidOrderStore::List(absl::Time since,
                                                                    const std::string& after,
                                                                    absl::Time before, int limit) {
  const TimePosition from = TimePositionFrom(after, since);
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database_.Query(PAID_ORDERS "WHERE (o.paid_at, o.id) > ($1, $2) AND o.paid_at < $3 "
                                               "ORDER BY o.paid_at, o.id LIMIT $4",
                                   from.time, from.id, before, limit));
  return Read(rows);
}

absl::StatusOr<std::vector<PaidOrder>> PostgresPaidOrderStore::Find(const std::vector<Uuid>& ids) {
  ASSIGN_OR_RETURN(const pg::Rows rows, database_.Query(PAID_ORDERS "WHERE o.id = ANY($1)", ids));
  return Read(rows);
}

}  // namespace perennial::subscription
