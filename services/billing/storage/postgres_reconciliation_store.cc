#include "services/billing/storage/postgres_reconciliation_store.h"

#include <cstdlib>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_format.h"
#include "libs/base/status_macros.h"
#include "services/billing/core/document.h"
#include "services/billing/storage/movement_rows.h"

namespace perennial::billing {
namespace {

using Texts = std::vector<std::string>;

// Of a side that is new or changed the movement is compared (again).
#define COMPARE_AGAIN "check_at = coalesce(m.check_at, excluded.check_at) "

}  // namespace

absl::StatusOr<std::optional<Uuid>> PostgresReconciliationStore::Claim(absl::Time now,
                                                                       absl::Time lease_until) {
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database_.Query("UPDATE reconciliation_run SET run_id = $3, lease_until = $2 "
                                   "WHERE next_at <= $1 AND lease_until <= $1 RETURNING run_id",
                                   now, lease_until, ids_.Next()));
  return rows.empty() ? std::nullopt : std::optional(rows[0].Get<Uuid>("run_id"));
}

absl::Status PostgresReconciliationStore::InRun(const Uuid& run, absl::FunctionRef<absl::Status()> write) {
  return database_.Transact([&]() -> absl::Status {
    ASSIGN_OR_RETURN(
        const pg::Rows rows,
        database_.Query("SELECT 1 AS one FROM reconciliation_run WHERE run_id = $1 FOR UPDATE", run));
    if (rows.empty()) return absl::AbortedError("another run was claimed");
    return write();
  });
}

absl::StatusOr<std::optional<Feed>> PostgresReconciliationStore::NextFeed() {
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database_.Query("SELECT name, since, newest, page_token FROM reconciliation_feed "
                                   "WHERE NOT is_read ORDER BY place LIMIT 1"));
  if (rows.empty()) return std::nullopt;
  Feed feed;
  feed.name = FeedNameFromText(rows[0].Get<std::string>("name"));
  feed.since = rows[0].Get<absl::Time>("since");
  feed.newest = rows[0].Get<absl::Time>("newest");
  feed.page_token = rows[0].Get<std::string>("page_token");
  return feed;
}

absl::Status PostgresReconciliationStore::KeepPlace(const Feed& feed) {
  return database_
      .Query(
          "UPDATE reconciliation_feed SET since = $2, newest = $3, page_token = $4, is_read = $5 "
          "WHERE name = $1",
          ToText(feed.name), feed.since, feed.newest, feed.page_token, feed.is_read)
      .status();
}

absl::StatusOr<std::vector<Uuid>> PostgresReconciliationStore::IdsOf(const std::vector<GatewaySide>& sides) {
  std::vector<Uuid> named;
  for (const GatewaySide& side : sides) {
    if (side.id) named.push_back(*side.id);
  }
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database_.Query("SELECT id, gateway_reference FROM movement WHERE id = ANY($1) "
                                   "AND gateway_reference <> ''",
                                   named));
  absl::flat_hash_map<Uuid, std::string> taken;
  for (const pg::Row row : rows) taken[row.Get<Uuid>("id")] = row.Get<std::string>("gateway_reference");
  std::vector<Uuid> ids;
  for (const GatewaySide& side : sides) {
    const bool is_first =
        side.id && taken.try_emplace(*side.id, side.reference).first->second == side.reference;
    ids.push_back(is_first ? *side.id : Uuid::Derive(Uuid(), side.reference));
  }
  return ids;
}

absl::Status PostgresReconciliationStore::KeepGateway(const Uuid& run, const Feed& feed,
                                                      core::MovementKind kind,
                                                      const std::vector<GatewaySide>& sides, absl::Time now,
                                                      absl::Time check_at) {
  return InRun(run, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<Uuid> ids, IdsOf(sides));
    Texts orders, references, currencies;
    std::vector<absl::Time> times;
    std::vector<int64_t> minors;
    for (const GatewaySide& side : sides) {
      orders.push_back(TextOf(side.order_id));
      references.push_back(side.reference);
      currencies.push_back(side.amount.currency);
      minors.push_back(side.amount.minor);
      times.push_back(side.time);
    }
    RETURN_IF_ERROR(
        database_
            .Query("INSERT INTO movement AS m (id, kind, order_id, gateway_reference, gateway_minor, "
                   "gateway_currency, gateway_time, first_seen_at, check_at) SELECT s.id, $7, "
                   "nullif(s.order_id, '')::uuid, s.reference, s.minor, s.currency, s.time, $8, $9 "
                   "FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], "
                   "$6::timestamptz[]) "
                   "AS s (id, order_id, reference, minor, currency, time) ON CONFLICT (id) DO UPDATE SET "
                   "order_id = coalesce(m.order_id, excluded.order_id), gateway_reference = "
                   "excluded.gateway_reference, gateway_minor = excluded.gateway_minor, gateway_currency = "
                   "excluded.gateway_currency, gateway_time = excluded.gateway_time, " COMPARE_AGAIN
                   "WHERE (m.gateway_reference, m.gateway_minor, m.gateway_currency) IS DISTINCT FROM "
                   "(excluded.gateway_reference, excluded.gateway_minor, excluded.gateway_currency)",
                   ids, orders, references, minors, currencies, times, ToText(kind), now, check_at)
            .status());
    return KeepPlace(feed);
  });
}

absl::Status PostgresReconciliationStore::KeepCharges(const Uuid& run, const Feed& feed,
                                                      const std::vector<ChargeSide>& sides, absl::Time now,
                                                      absl::Time check_at) {
  return InRun(run, [&]() -> absl::Status {
    std::vector<Uuid> ids, orders;
    Texts kinds, currencies, settlements;
    std::vector<int64_t> minors;
    for (const ChargeSide& side : sides) {
      ids.push_back(side.id);
      orders.push_back(side.order_id);
      kinds.push_back(ToText(side.kind));
      currencies.push_back(side.amount.currency);
      minors.push_back(side.amount.minor);
      settlements.push_back(side.settlement_reference);
    }
    RETURN_IF_ERROR(
        database_
            .Query("INSERT INTO movement AS m (id, kind, order_id, charge_minor, charge_currency, "
                   "settlement_reference, first_seen_at, check_at) "
                   "SELECT s.id, s.kind, s.order_id, s.minor, s.currency, s.settlement, $7, $8 FROM "
                   "unnest($1::uuid[], $2::text[], $3::uuid[], $4::bigint[], $5::text[], $6::text[]) "
                   "AS s (id, kind, order_id, minor, currency, settlement) ON CONFLICT (id) DO UPDATE SET "
                   "order_id = excluded.order_id, charge_minor = excluded.charge_minor, charge_currency = "
                   "excluded.charge_currency, settlement_reference = "
                   "excluded.settlement_reference, " COMPARE_AGAIN
                   "WHERE (m.charge_minor, m.charge_currency, m.settlement_reference) IS DISTINCT FROM "
                   "(excluded.charge_minor, excluded.charge_currency, excluded.settlement_reference)",
                   ids, kinds, orders, minors, currencies, settlements, now, check_at)
            .status());
    return KeepPlace(feed);
  });
}

absl::Status PostgresReconciliationStore::KeepOrders(const Uuid& run, const Feed& feed,
                                                     const std::vector<OrderSide>& sides, absl::Time now,
                                                     absl::Time check_at) {
  return InRun(run, [&]() -> absl::Status {
    std::vector<Uuid> ids, orders;
    Texts standings, minors, currencies, has_terms;
    for (const OrderSide& side : sides) {
      if (!side.charge_id) continue;
      core::Movement movement;
      TakeOver(side, movement);
      ids.push_back(*side.charge_id);
      orders.push_back(side.order_id);
      standings.push_back(ToText(movement.order));
      minors.push_back(MinorOf(movement.order_total));
      currencies.push_back(CurrencyOf(movement.order_total));
      has_terms.emplace_back(side.has_term ? "t" : "f");
    }
    RETURN_IF_ERROR(
        database_
            .Query(
                "INSERT INTO movement AS m (id, kind, order_id, order_standing, order_minor, order_currency, "
                "order_has_term, first_seen_at, check_at) SELECT s.id, 'capture', s.order_id, s.standing, "
                "nullif(s.minor, '')::bigint, nullif(s.currency, ''), s.has_term::boolean, $7, $8 "
                "FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[]) "
                "AS s (id, order_id, standing, minor, currency, has_term) ON CONFLICT (id) DO UPDATE SET "
                "order_id = excluded.order_id, order_standing = excluded.order_standing, order_minor = "
                "excluded.order_minor, order_currency = excluded.order_currency, order_has_term = "
                "excluded.order_has_term, " COMPARE_AGAIN
                "WHERE (m.order_standing, m.order_minor, m.order_currency, m.order_has_term) IS DISTINCT "
                "FROM "
                "(excluded.order_standing, excluded.order_minor, excluded.order_currency, "
                "excluded.order_has_term)",
                ids, orders, standings, minors, currencies, has_terms, now, check_at)
            .status());
    return KeepPlace(feed);
  });
}

absl::Status PostgresReconciliationStore::KeepDocuments(const Uuid& run, Feed feed, absl::Time before,
                                                        absl::Time now, absl::Time check_at, int limit) {
  return InRun(run, [&]() -> absl::Status {
    const Uuid after = feed.page_token.empty() ? Uuid() : Uuid::FromTrusted(feed.page_token);
    const absl::Time from = feed.page_token.empty() ? feed.since : feed.newest;
    ASSIGN_OR_RETURN(
        const pg::Rows rows,
        database_.Query(
            "WITH page AS (SELECT i.id, i.kind, i.issue_time, i.order_id, i.charge_id, i.refund_id FROM "
            "invoice i "
            "WHERE (i.issue_time, i.id) > ($1, $2) AND i.issue_time < $3 ORDER BY i.issue_time, i.id LIMIT "
            "$4), "
            "kept AS (INSERT INTO movement (id, kind, order_id, first_seen_at, check_at) "
            "SELECT CASE kind WHEN 'invoice' THEN charge_id ELSE refund_id END, CASE kind WHEN 'invoice' "
            "THEN "
            "'capture' ELSE 'refund' END, order_id, $5, $6 FROM page WHERE CASE kind WHEN 'invoice' THEN "
            "charge_id ELSE refund_id END IS NOT NULL ON CONFLICT (id) DO NOTHING) "
            "SELECT issue_time, id, count(*) OVER () AS in_page FROM page ORDER BY issue_time DESC, id DESC "
            "LIMIT 1",
            from, after, before, limit, now, check_at));
    Feed next = feed;
    if (!rows.empty()) next.Saw(rows[0].Get<absl::Time>("issue_time"));
    const bool is_full = !rows.empty() && rows[0].Get<int64_t>("in_page") == limit;
    next.Turn(is_full ? rows[0].Get<Uuid>("id").ToString() : "");
    return KeepPlace(next);
  });
}

absl::StatusOr<std::vector<ReconciliationStore::Due>> PostgresReconciliationStore::ToCompare(absl::Time now,
                                                                                             int limit) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("SELECT " MOVEMENT_COLUMNS ", m.ask_again FROM (SELECT id, kind, order_id, "
                      "gateway_reference, gateway_minor, gateway_currency, charge_minor, "
                      "charge_currency, order_standing, order_minor, order_currency, order_has_term, "
                      "settlement_reference, check_at, ask_again FROM movement WHERE check_at <= $1 ORDER BY "
                      "check_at, id "
                      "LIMIT $2) AS m " MOVEMENT_JOINS "ORDER BY m.check_at, m.id",
                      now, limit));
  std::vector<Due> due;
  for (const pg::Row row : rows) due.push_back({ReadMovement(row), row.Get<bool>("ask_again")});
  return due;
}

absl::Status PostgresReconciliationStore::Record(const Uuid& run, const std::vector<Judged>& judged,
                                                 absl::Time now, absl::Time again_at) {
  return InRun(run, [&]() -> absl::Status {
    RETURN_IF_ERROR(WriteJudged(judged, again_at));
    return WriteDifferences(judged, now);
  });
}

absl::Status PostgresReconciliationStore::WriteJudged(const std::vector<Judged>& judged,
                                                      absl::Time again_at) {
  std::vector<Uuid> ids;
  Texts charge_minors, charge_currencies, standings, order_minors, order_currencies, has_terms, differ;
  for (const Judged& each : judged) {
    const core::Movement& movement = each.movement;
    ids.push_back(movement.id);
    charge_minors.push_back(MinorOf(movement.charge));
    charge_currencies.push_back(CurrencyOf(movement.charge));
    standings.push_back(ToText(movement.order));
    order_minors.push_back(MinorOf(movement.order_total));
    order_currencies.push_back(CurrencyOf(movement.order_total));
    has_terms.emplace_back(movement.order_has_term ? "t" : "f");
    differ.emplace_back(each.differences.empty() ? "f" : "t");
  }
  return database_
      .Query(
          "UPDATE movement m SET charge_minor = nullif(s.charge_minor, '')::bigint, charge_currency = "
          "nullif(s.charge_currency, ''), order_standing = s.standing, order_minor = nullif(s.order_minor, "
          "'')::bigint, order_currency = nullif(s.order_currency, ''), order_has_term = s.has_term::boolean, "
          "check_at = CASE WHEN s.differs::boolean THEN $9::timestamptz END, ask_again = false "
          "FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], "
          "$8::text[]) AS s (id, charge_minor, charge_currency, standing, order_minor, order_currency, "
          "has_term, "
          "differs) WHERE m.id = s.id",
          ids, charge_minors, charge_currencies, standings, order_minors, order_currencies, has_terms, differ,
          again_at)
      .status();
}

absl::Status PostgresReconciliationStore::WriteDifferences(const std::vector<Judged>& judged,
                                                           absl::Time now) {
  std::vector<Uuid> ids, different;
  Texts kinds;
  for (const Judged& each : judged) {
    ids.push_back(each.movement.id);
    for (const core::DifferenceKind kind : each.differences) {
      different.push_back(each.movement.id);
      kinds.emplace_back(NameOf(kind));
    }
  }
  RETURN_IF_ERROR(
      database_
          .Query("DELETE FROM movement_difference WHERE movement_id = ANY($1) AND (movement_id, kind) NOT IN "
                 "(SELECT s.id, s.kind FROM unnest($2::uuid[], $3::text[]) AS s (id, kind))",
                 ids, different, kinds)
          .status());
  return database_
      .Query(
          "INSERT INTO movement_difference (movement_id, kind, found_at) SELECT s.id, s.kind, $3 "
          "FROM unnest($1::uuid[], $2::text[]) AS s (id, kind) ON CONFLICT DO NOTHING",
          different, kinds, now)
      .status();
}

absl::Status PostgresReconciliationStore::Finish(const Uuid& run, absl::Time now, absl::Time next_at) {
  return InRun(run, [&]() -> absl::Status {
    RETURN_IF_ERROR(database_.Query("UPDATE reconciliation_feed SET is_read = false").status());
    return database_
        .Query("UPDATE reconciliation_run SET next_at = $1, lease_until = 'epoch', last_success = $2",
               next_at, now)
        .status();
  });
}

absl::Status PostgresReconciliationStore::PutOff(const Uuid& run, absl::Time next_at) {
  return InRun(run, [&] {
    return database_.Query("UPDATE reconciliation_run SET next_at = $1, lease_until = 'epoch'", next_at)
        .status();
  });
}

absl::Status PostgresReconciliationStore::Restart(absl::Time since, absl::Time now) {
  return database_.Transact([&]() -> absl::Status {
    // Whoever runs now may write no more.
    RETURN_IF_ERROR(
        database_
            .Query("UPDATE reconciliation_run SET run_id = $1, lease_until = 'epoch', next_at = $2",
                   ids_.Next(), now)
            .status());
    RETURN_IF_ERROR(
        database_
            .Query("UPDATE reconciliation_feed f SET is_read = false, page_token = '', since = s.since, "
                   "newest = s.since FROM (SELECT name, CASE WHEN name LIKE 'gateway%' THEN least(since, "
                   "coalesce((SELECT min(gateway_time) FROM movement WHERE first_seen_at >= $1), since)) "
                   "ELSE least(since, $1) END AS since FROM reconciliation_feed) AS s WHERE s.name = f.name",
                   since)
            .status());
    return database_
        .Query("UPDATE movement SET check_at = $2, ask_again = true WHERE first_seen_at >= $1", since, now)
        .status();
  });
}

absl::StatusOr<ReconciliationReport> PostgresReconciliationStore::Report() {
  ReconciliationReport report;
  ASSIGN_OR_RETURN(
      const pg::Rows run,
      database_.Query("SELECT last_success, (SELECT min(first_seen_at) FROM movement WHERE check_at "
                      "IS NOT NULL) AS oldest FROM reconciliation_run"));
  report.last_success = run[0].Get<std::optional<absl::Time>>("last_success");
  report.oldest_unsettled = run[0].Get<std::optional<absl::Time>>("oldest");
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("SELECT kind, count(*) AS many FROM movement_difference GROUP BY kind ORDER BY kind"));
  for (const pg::Row row : rows) {
    const auto kind = core::DifferenceKindOf(row.Get<std::string>("kind"));
    if (!kind) std::abort();
    report.differences.emplace_back(*kind, row.Get<int64_t>("many"));
  }
  return report;
}

absl::StatusOr<int64_t> PostgresReconciliationStore::CountUnsettled() {
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database_.Query("SELECT count(*) AS many FROM movement WHERE check_at IS NOT NULL"));
  return rows[0].Get<int64_t>("many");
}

absl::StatusOr<std::vector<FoundDifference>> PostgresReconciliationStore::List(
    const std::optional<DifferencePosition>& after, int limit) {
  const DifferencePosition from = after.value_or(DifferencePosition{absl::UnixEpoch(), Uuid(), ""});
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("SELECT f.kind AS difference, f.found_at, " MOVEMENT_COLUMNS
                      "FROM movement_difference f JOIN movement m ON m.id = f.movement_id " MOVEMENT_JOINS
                      "WHERE (f.found_at, f.movement_id, f.kind) > ($1, $2, $3) "
                      "ORDER BY f.found_at, f.movement_id, f.kind LIMIT $4",
                      from.found_at, from.movement_id, from.kind, limit));
  std::vector<FoundDifference> found;
  for (const pg::Row row : rows) {
    FoundDifference difference;
    const auto kind = core::DifferenceKindOf(row.Get<std::string>("difference"));
    if (!kind) std::abort();
    difference.kind = *kind;
    difference.movement = ReadMovement(row);
    difference.document_id = row.Get<std::optional<Uuid>>("document_id");
    if (difference.document_id) {
      difference.document_number =
          absl::StrFormat("%s-%06d", row.Get<std::string>("series"), row.Get<int64_t>("sequence_number"));
    }
    difference.found_at = row.Get<absl::Time>("found_at");
    found.push_back(std::move(difference));
  }
  return found;
}

}  // namespace perennial::billing
