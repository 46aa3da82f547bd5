#include "services/payment_token/storage/postgres_charge_store.h"

#include "absl/container/flat_hash_map.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/payment_token/storage/charge_rows.h"
#include "services/payment_token/storage/charge_writes.h"
#include "services/payment_token/storage/column_text.h"

// What every read of a charge selects. Refunds that failed do not count.
#define CHARGE_COLUMNS                                                                                     \
  "c.charge_id, c.account_id, c.is_pseudonymous, c.order_id, c.requested_method_id, c.payment_method_id, " \
  "c.payment_description, c.amount_minor, c.currency, c.off_session, c.description, c.state, "             \
  "c.decline_code, c.decline_class, c.action_url, c.gateway_reference, c.created_at, c.updated_at, "       \
  "c.first_sent_at, c.ask_count, c.last_asked_at, c.next_ask_at, c.given_up_at, c.card_fingerprint, "      \
  "c.retry_at, "                                                                                           \
  "(SELECT coalesce(sum(r.amount_minor), 0)::bigint FROM refunds r WHERE r.charge_id = c.charge_id "       \
  "AND r.state <> 'failed') AS refunded_minor"

#define REFUND_COLUMNS                                                                                 \
  "r.refund_id, r.charge_id, r.requested_minor, r.amount_minor, r.currency, r.state, r.failure_code, " \
  "r.gateway_reference, r.created_at, r.updated_at, r.first_sent_at, r.ask_count, r.last_asked_at, "   \
  "r.next_ask_at, r.settled_by, r.settlement_reference, c.account_id, c.order_id"

namespace perennial::payment_token {
namespace {

std::vector<Uuid> Ids(const pg::Rows& rows) {
  std::vector<Uuid> ids;
  for (const pg::Row row : rows) ids.push_back(row.Get<Uuid>("id"));
  return ids;
}

bool IsLeased(const std::optional<absl::Time>& lease_until, absl::Time now) {
  return lease_until && *lease_until > now;
}

absl::Status WriteRefund(pg::Database& database, const core::Refund& refund,
                         const std::optional<absl::Time>& lease_until) {
  return database
      .Query(
          "UPDATE refunds SET state = $2, failure_code = $3, gateway_reference = $4, updated_at = $5, "
          "first_sent_at = $6, ask_count = $7, last_asked_at = $8, next_ask_at = $9, lease_until = $10 "
          "WHERE refund_id = $1",
          refund.request.id, ToColumn(refund.state), refund.failure_code, refund.gateway_reference,
          refund.updated_at, refund.first_sent_at, refund.ask_count, refund.last_asked_at, refund.next_ask_at,
          lease_until)
      .status();
}

}  // namespace

absl::StatusOr<std::vector<Uuid>> PostgresChargeStore::Insert(std::vector<core::Charge> charges,
                                                              absl::Time lease_until) {
  if (charges.empty()) return std::vector<Uuid>();
  return InsertCharges(database_, std::move(charges), lease_until);
}

absl::StatusOr<std::vector<core::Charge>> PostgresChargeStore::Find(const std::vector<Uuid>& charge_ids) {
  std::vector<core::Charge> charges;
  if (charge_ids.empty()) return charges;
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("SELECT " CHARGE_COLUMNS " FROM charges c WHERE c.charge_id = ANY($1)", charge_ids));
  for (const pg::Row row : rows) charges.push_back(ReadCharge(row));
  return charges;
}

absl::StatusOr<std::vector<core::CardTries>> PostgresChargeStore::TriesOf(
    const std::vector<std::string>& fingerprints, absl::Time since) {
  std::vector<core::CardTries> tries(fingerprints.size());
  if (fingerprints.empty()) return tries;
  // In one order for everybody, and after the accounts. Only cards that are shared, which are few: Postgres
  // has room for some thousands of such locks.
  RETURN_IF_ERROR(database_.Execute(
      "SELECT pg_advisory_xact_lock(shared.card) FROM (SELECT hashtextextended(fingerprint, 0) AS card "
      "FROM payment_methods WHERE fingerprint = ANY($1) GROUP BY fingerprint "
      "HAVING count(DISTINCT account_id) > 1 ORDER BY card) AS shared",
      fingerprints));
  // What the gateway has no reference of never reached the card. A method stays while it has open charges.
  // OFFSET 0: they are looked up by method. Joined, Postgres, whose statistics are of a time when few were
  // open, reads all of them for each card (500 cards among 6,000 open: 831 ms for 3).
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query(
          "SELECT card.place, tried.created_at, tried.is_open "
          "FROM unnest($1::text[]) WITH ORDINALITY AS card (fingerprint, place) CROSS JOIN LATERAL ("
          "SELECT created_at, false AS is_open FROM charges WHERE card_fingerprint = card.fingerprint "
          "AND state = 'declined' AND created_at > $2 AND gateway_reference <> '' "
          "AND decline_code NOT IN ('canceled', 'action_expired') "
          "UNION ALL SELECT c.created_at, true FROM payment_methods m CROSS JOIN LATERAL ("
          "SELECT created_at FROM charges WHERE payment_method_id = m.payment_method_id "
          "AND state IN ('pending', 'requires_action', 'unknown') OFFSET 0) AS c "
          "WHERE m.fingerprint = card.fingerprint) AS tried",
          fingerprints, since));
  for (const pg::Row row : rows) {
    core::CardTries& of_card = tries[static_cast<size_t>(row.Get<int64_t>("place") - 1)];
    (row.Get<bool>("is_open") ? of_card.open : of_card.declined).push_back(row.Get<absl::Time>("created_at"));
  }
  return tries;
}

absl::StatusOr<std::vector<PostgresChargeStore::Locked>> PostgresChargeStore::Lock(
    const std::vector<Uuid>& charge_ids) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query(
          "SELECT " CHARGE_COLUMNS
          ", c.lease_until, m.payment_method_id IS NULL OR m.removed_at IS NOT NULL AS removed "
          "FROM charges c LEFT JOIN payment_methods m ON m.payment_method_id = c.payment_method_id "
          "WHERE c.charge_id = ANY($1) ORDER BY c.charge_id FOR UPDATE OF c",
          charge_ids));
  std::vector<Locked> locked;
  for (const pg::Row row : rows) {
    core::Charge charge = ReadCharge(row);
    const auto lease_until = row.Get<std::optional<absl::Time>>("lease_until");
    locked.push_back({std::move(charge), row.Get<bool>("removed"), lease_until});
  }
  return locked;
}

absl::StatusOr<std::optional<core::Charge>> PostgresChargeStore::Update(const Uuid& charge_id,
                                                                        const Decide& decide) {
  return Replace(charge_id, decide, /*keep_lease=*/false);
}

absl::StatusOr<std::optional<core::Charge>> PostgresChargeStore::UpdateLeased(const Uuid& charge_id,
                                                                              const Decide& decide) {
  return Replace(charge_id, decide, /*keep_lease=*/true);
}

absl::StatusOr<std::optional<core::Charge>> PostgresChargeStore::Replace(const Uuid& charge_id,
                                                                         const Decide& decide,
                                                                         bool keep_lease) {
  std::optional<core::Charge> after;
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    // As all do: the account first, then the method, then the charge (MarkUsed).
    RETURN_IF_ERROR(
        database_.Execute("SELECT FROM charges c JOIN gateway_accounts a ON a.account_id = c.account_id "
                          "WHERE c.charge_id = $1 FOR NO KEY UPDATE OF a",
                          charge_id));
    RETURN_IF_ERROR(database_.Execute(
        "SELECT FROM charges c JOIN payment_methods m ON m.payment_method_id = c.payment_method_id "
        "WHERE c.charge_id = $1 FOR NO KEY UPDATE OF m",
        charge_id));
    ASSIGN_OR_RETURN(const std::vector<Locked> locked, Lock({charge_id}));
    after.reset();
    if (locked.empty()) return absl::OkStatus();
    after = decide(locked[0].charge, locked[0].method_removed);
    if (!core::IsFinal(locked[0].charge.state)) RETURN_IF_ERROR(MarkUsed(database_, {*after}));
    return WriteCharges(database_, {*after}, {keep_lease ? locked[0].lease_until : std::nullopt});
  }));
  return after;
}

absl::StatusOr<std::vector<Uuid>> PostgresChargeStore::Record(std::vector<core::Charge> answered) {
  std::vector<Uuid> recorded;
  if (answered.empty()) return recorded;
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(MarkUsed(database_, answered));
    ASSIGN_OR_RETURN(recorded, RecordCharges(database_, answered));
    return absl::OkStatus();
  }));
  return recorded;
}

absl::StatusOr<ChargeStore::Orders> PostgresChargeStore::WithTokens(std::vector<ChargeOrder> orders) {
  Orders with;
  if (orders.empty()) return with;
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query(
          "SELECT u.place, m.token, a.customer FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY "
          "AS u (method, account, place) LEFT JOIN payment_methods m ON m.payment_method_id = "
          "u.method LEFT JOIN gateway_accounts a ON a.account_id = u.account",
          Column(orders, [](const ChargeOrder& o) { return o.charge.payment_method_id; }),
          Column(orders, [](const ChargeOrder& o) { return o.charge.request.account_id; })));
  for (const pg::Row row : rows) {
    ChargeOrder& order = orders[static_cast<size_t>(row.Get<int64_t>("place") - 1)];
    const auto token = row.Get<std::optional<pg::Bytes>>("token");
    const auto customer = row.Get<std::optional<pg::Bytes>>("customer");
    absl::StatusOr<std::string> opened =
        token ? vault_.OpenToken(*order.charge.payment_method_id, token->value) : std::string();
    if (opened.ok()) {
      order.token = *std::move(opened);
      opened =
          customer ? vault_.OpenCustomer(order.charge.request.account_id, customer->value) : std::string();
    }
    if (opened.ok()) {
      order.customer = *std::move(opened);
      with.orders.push_back(std::move(order));
    } else {
      with.unreadable.emplace_back(std::move(order.charge), opened.status());
    }
  }
  return with;
}

absl::StatusOr<ChargeStore::Orders> PostgresChargeStore::OrdersOf(std::vector<core::Charge> charges) {
  std::vector<ChargeOrder> orders;
  for (core::Charge& charge : charges) orders.push_back({std::move(charge), core::NextStep::kSend, "", ""});
  return WithTokens(std::move(orders));
}

absl::StatusOr<ChargeStore::Claimed> PostgresChargeStore::Claim(const std::vector<Uuid>& charge_ids,
                                                                absl::Time now, absl::Time lease_until,
                                                                const DecideStep& decide) {
  Claimed claimed;
  if (charge_ids.empty()) return claimed;
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    claimed = {};
    ASSIGN_OR_RETURN(const std::vector<Locked> all, Lock(charge_ids));
    std::vector<ChargeOrder> orders;
    for (const Locked& locked : all) {
      if (core::IsFinal(locked.charge.state) || IsLeased(locked.lease_until, now)) {
        claimed.others.push_back(locked.charge);
        continue;
      }
      Step step = decide(locked.charge, locked.method_removed);
      if (step.next == core::NextStep::kNothing) {
        claimed.ended.push_back(std::move(step.charge));
      } else {
        orders.push_back({std::move(step.charge), step.next, "", ""});
      }
    }
    ASSIGN_OR_RETURN(static_cast<Orders&>(claimed), WithTokens(std::move(orders)));
    std::vector<core::Charge> changed = claimed.ended;
    for (const ChargeOrder& order : claimed.orders) changed.push_back(order.charge);
    std::vector<std::optional<absl::Time>> leases(claimed.ended.size());
    leases.resize(changed.size(), lease_until);
    return WriteCharges(database_, changed, leases);
  }));
  return claimed;
}

absl::StatusOr<std::vector<Uuid>> PostgresChargeStore::Due(absl::Time now, int limit) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("SELECT charge_id AS id FROM charges WHERE next_ask_at <= $1 "
                      "AND (lease_until IS NULL OR lease_until <= $1) ORDER BY next_ask_at LIMIT $2",
                      now, limit));
  return Ids(rows);
}

absl::StatusOr<int64_t> PostgresChargeStore::CountUnknown() {
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database_.Query("SELECT count(*) AS charges FROM charges "
                                   "WHERE next_ask_at IS NOT NULL AND state = 'unknown'"));
  return rows[0].Get<int64_t>("charges");
}

absl::StatusOr<core::Refund> PostgresChargeStore::OpenRefund(const core::RefundRequest& request,
                                                             const DecideRefund& decide) {
  core::Refund refund;
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    // First the lock, then the sum of refunds: one statement would wait for the lock with the sum of before.
    RETURN_IF_ERROR(
        database_.Query("SELECT charge_id FROM charges WHERE charge_id = $1 FOR UPDATE", request.charge_id)
            .status());
    ASSIGN_OR_RETURN(const std::vector<core::Charge> charge, Find({request.charge_id}));
    if (charge.empty() || !core::IsOf(charge[0], request.account_id))
      return NotFound("CHARGE_NOT_FOUND", "there is no such charge");
    ASSIGN_OR_RETURN(const std::optional<core::Refund> known, FindRefund(request.id));
    if (known) {
      refund = *known;
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(refund, decide(charge[0]));
    const std::optional<int64_t> requested =
        request.amount ? std::optional(request.amount->minor) : std::nullopt;
    ASSIGN_OR_RETURN(
        const pg::Rows rows,
        database_.Query(
            "INSERT INTO refunds (refund_id, charge_id, requested_minor, amount_minor, currency, state, "
            "failure_code, gateway_reference, created_at, updated_at, ask_count, next_ask_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, '', '', $7, $7, 0, $8) ON CONFLICT (refund_id) DO NOTHING",
            request.id, request.charge_id, requested, refund.amount.minor, refund.amount.currency,
            ToColumn(refund.state), refund.created_at, refund.next_ask_at));
    if (rows.affected() == 1) return absl::OkStatus();
    // The id was taken meanwhile by a refund of another charge.
    return Refusal(absl::StatusCode::kAlreadyExists, "CHARGE_EXISTS", "the id was used with other contents");
  }));
  return refund;
}

absl::StatusOr<std::optional<core::Refund>> PostgresChargeStore::FindRefund(const Uuid& refund_id) {
  ASSIGN_OR_RETURN(const pg::Rows rows, database_.Query("SELECT " REFUND_COLUMNS
                                                        " FROM refunds r JOIN charges c USING (charge_id) "
                                                        "WHERE r.refund_id = $1",
                                                        refund_id));
  if (rows.empty()) return std::nullopt;
  return ReadRefund(rows[0]);
}

absl::StatusOr<core::Refund> PostgresChargeStore::SettleRefund(const core::RefundName& name,
                                                               const DecideSettlement& decide) {
  core::Refund settled;
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    // As in OpenRefund, the lock comes before the sum.
    RETURN_IF_ERROR(
        database_.Query("SELECT charge_id FROM charges WHERE charge_id = $1 FOR UPDATE", name.charge_id)
            .status());
    ASSIGN_OR_RETURN(const std::vector<core::Charge> charge, Find({name.charge_id}));
    ASSIGN_OR_RETURN(const std::optional<core::Refund> refund, FindRefund(name.id));
    const bool is_there = !charge.empty() && core::IsOf(charge[0], name.account_id) && refund &&
                          refund->request.charge_id == name.charge_id;
    if (!is_there) return NotFound("CHARGE_NOT_FOUND", "there is no such refund");
    ASSIGN_OR_RETURN(settled, decide(*refund, charge[0]));
    return database_
        .Query(
            "UPDATE refunds SET state = $2, settled_by = $3, settlement_reference = $4, updated_at = $5 "
            "WHERE refund_id = $1",
            name.id, ToColumn(settled.state), settled.settlement->settled_by, settled.settlement->reference,
            settled.updated_at)
        .status();
  }));
  return settled;
}

absl::StatusOr<std::optional<core::Refund>> PostgresChargeStore::UpdateRefund(const Uuid& refund_id,
                                                                              const UpdateRefundFn& decide) {
  std::optional<core::Refund> after;
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    after.reset();
    ASSIGN_OR_RETURN(const pg::Rows rows, database_.Query("SELECT " REFUND_COLUMNS
                                                          " FROM refunds r JOIN charges c USING (charge_id) "
                                                          "WHERE r.refund_id = $1 FOR UPDATE OF r",
                                                          refund_id));
    if (rows.empty()) return absl::OkStatus();
    after = decide(ReadRefund(rows[0]));
    return WriteRefund(database_, *after, std::nullopt);
  }));
  return after;
}

absl::StatusOr<std::optional<RefundOrder>> PostgresChargeStore::ClaimRefund(const Uuid& refund_id,
                                                                            absl::Time now,
                                                                            absl::Time lease_until,
                                                                            const UpdateRefundFn& decide) {
  std::optional<RefundOrder> order;
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    order.reset();
    ASSIGN_OR_RETURN(
        const pg::Rows rows,
        database_.Query("SELECT " REFUND_COLUMNS ", r.lease_until, "
                        "c.gateway_reference AS charge_reference FROM refunds r "
                        "JOIN charges c USING (charge_id) WHERE r.refund_id = $1 FOR UPDATE OF r",
                        refund_id));
    if (rows.empty()) return absl::OkStatus();
    core::Refund refund = ReadRefund(rows[0]);
    if (core::IsFinal(refund.state) || IsLeased(rows[0].Get<std::optional<absl::Time>>("lease_until"), now))
      return absl::OkStatus();
    refund = decide(refund);
    RETURN_IF_ERROR(WriteRefund(database_, refund, lease_until));
    order = RefundOrder{refund, rows[0].Get<std::string>("charge_reference")};
    return absl::OkStatus();
  }));
  return order;
}

absl::StatusOr<std::vector<Uuid>> PostgresChargeStore::DueRefunds(absl::Time now, int limit) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("SELECT refund_id AS id FROM refunds WHERE next_ask_at <= $1 "
                      "AND (lease_until IS NULL OR lease_until <= $1) ORDER BY next_ask_at LIMIT $2",
                      now, limit));
  return Ids(rows);
}

absl::StatusOr<std::vector<ChargeBook>> PostgresChargeStore::Books(const std::optional<Uuid>& account_id,
                                                                   const std::optional<PagePosition>& after,
                                                                   int limit) {
  const PagePosition from = after.value_or(PagePosition{absl::UnixEpoch(), Uuid()});
  ASSIGN_OR_RETURN(const pg::Rows charges,
                   database_.Query("SELECT " CHARGE_COLUMNS " FROM charges c "
                                   "WHERE ($1::uuid IS NULL OR c.account_id = $1) "
                                   "AND (c.created_at, c.charge_id) > ($2, $3) "
                                   "ORDER BY c.created_at, c.charge_id LIMIT nullif($4, 0)",
                                   account_id, from.created_at, from.id, limit));
  std::vector<ChargeBook> books;
  std::vector<Uuid> ids;
  absl::flat_hash_map<Uuid, size_t> place;
  for (const pg::Row row : charges) {
    books.push_back({ReadCharge(row), {}});
    ids.push_back(books.back().charge.request.id);
    place[ids.back()] = books.size() - 1;
  }
  ASSIGN_OR_RETURN(
      const pg::Rows refunds,
      database_.Query("SELECT " REFUND_COLUMNS " FROM refunds r JOIN charges c USING (charge_id) "
                      "WHERE r.charge_id = ANY($1) ORDER BY r.created_at, r.refund_id",
                      ids));
  for (const pg::Row row : refunds) {
    core::Refund refund = ReadRefund(row);
    books[place[refund.request.charge_id]].refunds.push_back(std::move(refund));
  }
  return books;
}

}  // namespace perennial::payment_token
