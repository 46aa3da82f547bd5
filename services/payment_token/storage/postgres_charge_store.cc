#include "services/payment_token/storage/postgres_charge_store.h"

#include "absl/container/flat_hash_map.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/payment_token/storage/charge_rows.h"
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

absl::StatusOr<bool> PostgresChargeStore::Insert(const core::Charge& charge) {
  const core::ChargeRequest& request = charge.request;
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query(
          "INSERT INTO charges (charge_id, account_id, order_id, requested_method_id, "
          "payment_method_id, payment_description, amount_minor, currency, off_session, description, "
          "state, decline_code, decline_class, action_url, gateway_reference, created_at, updated_at, "
          "ask_count, next_ask_at, card_fingerprint, retry_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, "
          "$10, $11, $12, $13, '', '', $14, $14, 0, $15, $16, $17) ON CONFLICT (charge_id) DO NOTHING",
          request.id, request.account_id, request.order_id, request.payment_method_id,
          charge.payment_method_id, charge.payment_description, request.amount.minor, request.amount.currency,
          request.off_session, request.description, ToColumn(charge.state), charge.decline_code,
          ToColumn(charge.decline_class), charge.created_at, charge.next_ask_at, charge.card_fingerprint,
          charge.retry_at));
  return rows.affected() == 1;
}

absl::StatusOr<std::optional<core::Charge>> PostgresChargeStore::Find(const Uuid& charge_id) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("SELECT " CHARGE_COLUMNS " FROM charges c WHERE c.charge_id = $1", charge_id));
  if (rows.empty()) return std::nullopt;
  return ReadCharge(rows[0]);
}

absl::StatusOr<std::vector<absl::Time>> PostgresChargeStore::TriesInVain(const Uuid& payment_method_id,
                                                                         const std::string& card_fingerprint,
                                                                         absl::Time since) {
  // What the gateway has no reference of never reached the card.
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("SELECT created_at FROM charges WHERE card_fingerprint = $1 AND state = 'declined' AND "
                      "created_at > $2 AND gateway_reference <> '' UNION ALL SELECT created_at FROM charges "
                      "WHERE payment_method_id = $3 AND next_ask_at IS NOT NULL",
                      card_fingerprint, since, payment_method_id));
  std::vector<absl::Time> tries;
  for (const pg::Row row : rows) tries.push_back(row.Get<absl::Time>("created_at"));
  return tries;
}

absl::StatusOr<std::optional<PostgresChargeStore::Locked>> PostgresChargeStore::Lock(const Uuid& charge_id) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query(
          "SELECT " CHARGE_COLUMNS
          ", c.lease_until, m.token, m.payment_method_id IS NULL OR m.removed_at IS NOT NULL AS removed "
          "FROM charges c LEFT JOIN payment_methods m ON m.payment_method_id = c.payment_method_id "
          "WHERE c.charge_id = $1 FOR UPDATE OF c",
          charge_id));
  if (rows.empty()) return std::nullopt;
  const pg::Row row = rows[0];
  Locked locked{ReadCharge(row), row.Get<bool>("removed"), "",
                row.Get<std::optional<absl::Time>>("lease_until")};
  if (const auto token = row.Get<std::optional<pg::Bytes>>("token")) locked.sealed_token = token->value;
  return locked;
}

absl::Status PostgresChargeStore::Write(const core::Charge& charge,
                                        const std::optional<absl::Time>& lease_until) {
  return database_
      .Query(
          "UPDATE charges SET state = $2, decline_code = $3, decline_class = $4, action_url = $5, "
          "gateway_reference = $6, updated_at = $7, first_sent_at = $8, ask_count = $9, last_asked_at = $10, "
          "next_ask_at = $11, lease_until = $12, given_up_at = $13 WHERE charge_id = $1",
          charge.request.id, ToColumn(charge.state), charge.decline_code, ToColumn(charge.decline_class),
          charge.action_url, charge.gateway_reference, charge.updated_at, charge.first_sent_at,
          charge.ask_count, charge.last_asked_at, charge.next_ask_at, lease_until, charge.given_up_at)
      .status();
}

absl::Status PostgresChargeStore::MarkUsed(const core::Charge& charge) {
  RETURN_IF_ERROR(database_
                      .Query("UPDATE payment_methods SET last_used_at = greatest(last_used_at, $2) "
                             "WHERE payment_method_id = $1",
                             charge.payment_method_id, charge.updated_at)
                      .status());
  return database_
      .Query("UPDATE gateway_accounts SET last_used_method = $2 WHERE account_id = $1 AND deleted_at IS NULL",
             charge.request.account_id, charge.payment_method_id)
      .status();
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
    ASSIGN_OR_RETURN(const std::optional<Locked> locked, Lock(charge_id));
    after.reset();
    if (!locked) return absl::OkStatus();
    after = decide(locked->charge, locked->method_removed);
    RETURN_IF_ERROR(Write(*after, keep_lease ? locked->lease_until : std::nullopt));
    const bool succeeded =
        after->state == core::ChargeState::kSucceeded && !core::IsFinal(locked->charge.state);
    return succeeded ? MarkUsed(*after) : absl::OkStatus();
  }));
  return after;
}

absl::StatusOr<ChargeOrder> PostgresChargeStore::MakeOrder(const Locked& locked) {
  ChargeOrder order{locked.charge, "", "", locked.method_removed};
  if (!locked.sealed_token.empty()) {
    ASSIGN_OR_RETURN(order.token, vault_.OpenToken(*locked.charge.payment_method_id, locked.sealed_token));
  }
  const Uuid& account_id = locked.charge.request.account_id;
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("SELECT customer FROM gateway_accounts WHERE account_id = $1", account_id));
  const auto sealed = rows.empty() ? std::nullopt : rows[0].Get<std::optional<pg::Bytes>>("customer");
  if (sealed) {
    ASSIGN_OR_RETURN(order.customer, vault_.OpenCustomer(account_id, sealed->value));
  }
  return order;
}

absl::StatusOr<std::optional<ChargeOrder>> PostgresChargeStore::Claim(const Uuid& charge_id, absl::Time now,
                                                                      absl::Time lease_until,
                                                                      const Decide& decide) {
  std::optional<ChargeOrder> order;
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    order.reset();
    ASSIGN_OR_RETURN(std::optional<Locked> locked, Lock(charge_id));
    if (!locked || core::IsFinal(locked->charge.state) || IsLeased(locked->lease_until, now))
      return absl::OkStatus();
    locked->charge = decide(locked->charge, locked->method_removed);
    const bool is_final = core::IsFinal(locked->charge.state);
    RETURN_IF_ERROR(Write(locked->charge, is_final ? std::nullopt : std::optional(lease_until)));
    if (is_final) return absl::OkStatus();
    ASSIGN_OR_RETURN(order, MakeOrder(*locked));
    return absl::OkStatus();
  }));
  return order;
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
    ASSIGN_OR_RETURN(const std::optional<core::Charge> charge, Find(request.charge_id));
    if (!charge || !core::IsOf(*charge, request.account_id))
      return NotFound("CHARGE_NOT_FOUND", "there is no such charge");
    ASSIGN_OR_RETURN(const std::optional<core::Refund> known, FindRefund(request.id));
    if (known) {
      refund = *known;
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(refund, decide(*charge));
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
    ASSIGN_OR_RETURN(const std::optional<core::Charge> charge, Find(name.charge_id));
    ASSIGN_OR_RETURN(const std::optional<core::Refund> refund, FindRefund(name.id));
    const bool is_there = charge && core::IsOf(*charge, name.account_id) && refund &&
                          refund->request.charge_id == name.charge_id;
    if (!is_there) return NotFound("CHARGE_NOT_FOUND", "there is no such refund");
    ASSIGN_OR_RETURN(settled, decide(*refund, *charge));
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
