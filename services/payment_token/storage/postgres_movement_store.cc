#include "services/payment_token/storage/postgres_movement_store.h"

#include "libs/base/status_macros.h"

#define CHARGES                                                                                      \
  "SELECT c.charge_id AS id, c.order_id, c.amount_minor, c.currency, c.updated_at AS succeeded_at, " \
  "'' AS settlement_reference FROM charges c WHERE c.state = 'succeeded' "
#define REFUNDS                                                                                      \
  "SELECT r.refund_id AS id, c.order_id, r.amount_minor, r.currency, r.updated_at AS succeeded_at, " \
  "coalesce(r.settlement_reference, '') AS settlement_reference "                                    \
  "FROM refunds r JOIN charges c USING (charge_id) WHERE r.state = 'succeeded' "

namespace perennial::payment_token {
namespace {

void Read(const pg::Rows& rows, MovementKind kind, std::vector<Movement>& into) {
  for (const pg::Row row : rows) {
    into.push_back({kind,
                    row.Get<Uuid>("id"),
                    row.Get<Uuid>("order_id"),
                    {row.Get<std::string>("currency"), row.Get<int64_t>("amount_minor")},
                    row.Get<absl::Time>("succeeded_at"),
                    row.Get<std::string>("settlement_reference")});
  }
}

}  // namespace

absl::StatusOr<std::vector<Movement>> PostgresMovementStore::List(MovementKind kind,
                                                                  const PagePosition& after,
                                                                  absl::Time before, int limit) {
  const bool captures = kind == MovementKind::kCapture;
  const absl::string_view sql = captures ? CHARGES
                                    "AND (c.updated_at, c.charge_id) > ($1, $2) AND c.updated_at < $3 "
                                    "ORDER BY c.updated_at, c.charge_id LIMIT $4"
                                         : REFUNDS
                                    "AND (r.updated_at, r.refund_id) > ($1, $2) AND r.updated_at < $3 "
                                    "ORDER BY r.updated_at, r.refund_id LIMIT $4";
  ASSIGN_OR_RETURN(const pg::Rows rows, database_.Query(sql, after.created_at, after.id, before, limit));
  std::vector<Movement> movements;
  Read(rows, kind, movements);
  return movements;
}

absl::StatusOr<std::vector<Movement>> PostgresMovementStore::Find(const std::vector<Uuid>& charge_ids,
                                                                  const std::vector<Uuid>& refund_ids) {
  std::vector<Movement> movements;
  ASSIGN_OR_RETURN(const pg::Rows charges, database_.Query(CHARGES "AND c.charge_id = ANY($1)", charge_ids));
  Read(charges, MovementKind::kCapture, movements);
  ASSIGN_OR_RETURN(const pg::Rows refunds, database_.Query(REFUNDS "AND r.refund_id = ANY($1)", refund_ids));
  Read(refunds, MovementKind::kRefund, movements);
  return movements;
}

}  // namespace perennial::payment_token
