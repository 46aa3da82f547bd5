#include "services/subscription/storage/postgres_product_store.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/subscription/app/position.h"
#include "services/subscription/storage/due_statements.h"
#include "services/subscription/storage/names.h"
#include "services/subscription/storage/postgres_deletion_store.h"
#include "services/subscription/storage/product_rows.h"

namespace perennial::subscription {
namespace {

// Why a new product cannot be: its key is taken.
absl::Status KeyTaken(const core::Product& product) {
  switch (product.kind) {
    case core::ProductKind::kPlan:
      return Precondition("PLAN_ALREADY_ACTIVE", "the site has a paid plan already");
    case core::ProductKind::kDomain:
      return Precondition("DOMAIN_UNAVAILABLE", "the account has the domain already");
    case core::ProductKind::kMailbox:
      return Refusal(absl::StatusCode::kAlreadyExists, "MAILBOX_EXISTS", "the address exists already");
  }
  return absl::InternalError("unknown kind");
}

std::vector<Claim> ToClaims(const pg::Rows& rows) {
  std::vector<Claim> claims;
  for (const pg::Row row : rows) {
    claims.push_back({row.Get<Uuid>("id"), row.Get<Uuid>("product_id"), row.Get<int64_t>("version")});
  }
  return claims;
}

absl::StatusOr<std::vector<ProductStore::Due>> ToDue(absl::StatusOr<pg::Rows> rows) {
  RETURN_IF_ERROR(rows.status());
  std::vector<ProductStore::Due> due;
  for (const pg::Row row : *rows) due.push_back({row.Get<Uuid>("id"), row.Get<Uuid>("account_id")});
  return due;
}

template <typename Value>
const Value* FindById(const std::vector<Value>& values, const Uuid& id) {
  const auto it =
      std::find_if(values.begin(), values.end(), [&](const Value& value) { return value.id == id; });
  return it == values.end() ? nullptr : &*it;
}

// Whether it keeps other orders of its product from running (the index orders_one_running).
bool IsRunning(const core::Order& order) {
  return !order.IsOver() && !order.HasFailed() && !order.IsCompensating() && !order.held_by;
}

// Terms that do not count any more are no part of an aggregate.
void DropRetired(core::Aggregate& aggregate) {
  std::erase_if(aggregate.terms,
                [](const core::Term& term) { return term.state != core::TermState::kActive; });
}

// What products became, by how it is written.
class Changes {
 public:
  // Counts up the versions of what differs.
  void Add(const core::Aggregate& before, core::Aggregate& after) {
    const core::Product& product = after.product;
    for (const core::Term& term : after.terms) {
      const core::Term* old = FindById(before.terms, term.id);
      if (old != nullptr && *old == term) continue;
      (old != nullptr ? old_terms_ : new_terms_)
          .push_back({term, product.account_id, product.id, product.currency});
    }
    bool has_new_order = false;
    for (core::Order& order : after.orders) {
      const core::Order* old = FindById(before.orders, order.id);
      if (old != nullptr && *old == order) continue;
      has_new_order = has_new_order || old == nullptr;
      order.version = old != nullptr ? old->version + 1 : 1;
      (old == nullptr ? new_orders_ : IsRunning(order) ? running_orders_ : ended_orders_).push_back(order);
    }
    for (const core::Attempt& attempt : after.attempts) {
      const core::Attempt* old = FindById(before.attempts, attempt.id);
      if (old != nullptr && *old == attempt) continue;
      (old != nullptr ? old_attempts_ : new_attempts_).push_back(attempt);
    }
    // A new order is a change of its product: who has read that does not know of it.
    if (has_new_order || !(before.product == after.product)) {
      ++after.product.version;
      products_.push_back(after.product);
    }
    std::move(after.events.begin(), after.events.end(), std::back_inserter(events_));
    after.events.clear();
  }

  // What ends goes first, because what begins may take its place in a unique index.
  absl::Status Write(pg::Database& database, events::Outbox& outbox) const {
    RETURN_IF_ERROR(UpdateTerms(database, old_terms_));
    RETURN_IF_ERROR(UpdateOrders(database, ended_orders_));
    RETURN_IF_ERROR(UpdateOrders(database, running_orders_));
    RETURN_IF_ERROR(InsertOrders(database, new_orders_));
    RETURN_IF_ERROR(InsertTerms(database, new_terms_));
    RETURN_IF_ERROR(UpdateAttempts(database, old_attempts_));
    RETURN_IF_ERROR(InsertAttempts(database, new_attempts_));
    RETURN_IF_ERROR(UpdateProducts(database, products_));
    return outbox.Add(events_);
  }

 private:
  std::vector<TermRow> old_terms_, new_terms_;
  std::vector<core::Order> ended_orders_, running_orders_, new_orders_;
  std::vector<core::Attempt> old_attempts_, new_attempts_;
  std::vector<core::Product> products_;
  std::vector<Event> events_;
};

}  // namespace

absl::Status PostgresProductStore::Create(const core::Aggregate& aggregate) {
  return database_.Transact([&]() -> absl::Status {
    if (aggregate.product.site_id) {
      // Keeps the site from being deleted meanwhile.
      ASSIGN_OR_RETURN(const pg::Rows site, database_.Query("SELECT id FROM sites WHERE id = $1 FOR SHARE",
                                                            *aggregate.product.site_id));
      if (site.empty()) return NotFound("SITE_NOT_FOUND", "there is no such site");
    }
    core::Product product = aggregate.product;
    product.version = 1;
    const absl::Status inserted = InsertProduct(database_, product);
    if (absl::IsAlreadyExists(inserted)) return KeyTaken(product);
    RETURN_IF_ERROR(inserted);
    std::vector<core::Order> orders = aggregate.orders;
    for (core::Order& order : orders) order.version = 1;
    RETURN_IF_ERROR(InsertOrders(database_, orders));
    return outbox_.Add(aggregate.events);
  });
}

absl::StatusOr<core::Aggregate> PostgresProductStore::Update(const Uuid& product_id, Decide decide) {
  core::Aggregate result;
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    ASSIGN_OR_RETURN(const pg::Rows rows, database_.Query("SELECT " PERENNIAL_PRODUCT_COLUMNS
                                                          " FROM products WHERE id = $1 FOR UPDATE",
                                                          product_id));
    if (rows.empty()) return NoProduct();
    ASSIGN_OR_RETURN(std::vector<core::Aggregate> loaded, LoadRest(database_, rows, Depth::kToWrite));
    const core::Aggregate& before = loaded.front();
    ASSIGN_OR_RETURN(const pg::Rows deleted,
                     database_.Query("SELECT pseudonym FROM account_deletions WHERE pseudonym = $1",
                                     PseudonymOf(secret_key_, before.product.account_id)));
    result = before;
    result.account_deleted = !deleted.empty();
    RETURN_IF_ERROR(decide(result));
    Changes changes;
    changes.Add(before, result);
    return changes.Write(database_, outbox_);
  }));
  DropRetired(result);
  return result;
}

absl::StatusOr<std::vector<absl::StatusOr<core::Aggregate>>> PostgresProductStore::UpdateAll(
    const std::vector<const core::Aggregate*>& read, DecideEach decide) {
  std::vector<absl::StatusOr<core::Aggregate>> written;
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    written.assign(read.size(), absl::AbortedError("the product changed since it was read"));
    ASSIGN_OR_RETURN(const Unchanged unchanged, LockUnchanged(read));
    Changes changes;
    for (size_t place = 0; place < read.size(); ++place) {
      const auto found = unchanged.find(read[place]->product.id);
      if (found == unchanged.end()) continue;
      core::Aggregate after = *read[place];
      after.account_deleted = found->second.account_deleted;
      const absl::Status decided = decide(place, after);
      if (decided.ok()) changes.Add(*read[place], after);
      written[place] = decided.ok() ? absl::StatusOr<core::Aggregate>(std::move(after)) : decided;
    }
    return changes.Write(database_, outbox_);
  }));
  for (auto& each : written) {
    if (each.ok()) DropRetired(*each);
  }
  return written;
}

// Every change of an aggregate is one of its product's version or of an order's. Locked in the order of their
// ids, so that two batches never wait for each other.
absl::StatusOr<PostgresProductStore::Unchanged> PostgresProductStore::LockUnchanged(
    const std::vector<const core::Aggregate*>& read) {
  std::vector<Uuid> product_ids, pseudonyms, order_ids;
  std::vector<int64_t> product_versions, order_versions;
  for (const core::Aggregate* aggregate : read) {
    product_ids.push_back(aggregate->product.id);
    product_versions.push_back(aggregate->product.version);
    pseudonyms.push_back(PseudonymOf(secret_key_, aggregate->product.account_id));
    for (const core::Order& order : aggregate->orders) {
      order_ids.push_back(order.id);
      order_versions.push_back(order.version);
    }
  }
  ASSIGN_OR_RETURN(
      const pg::Rows products,
      database_.Query("SELECT p.id, d.pseudonym IS NOT NULL AS deleted FROM unnest($1::uuid[], $2::bigint[], "
                      "$3::uuid[]) AS k (id, version, pseudonym) JOIN products p ON p.id = k.id AND "
                      "p.version = k.version LEFT JOIN account_deletions d ON d.pseudonym = k.pseudonym "
                      "ORDER BY p.id FOR UPDATE OF p",
                      product_ids, product_versions, pseudonyms));
  Unchanged unchanged;
  for (const pg::Row row : products)
    unchanged[row.Get<Uuid>("id")] = {.account_deleted = row.Get<bool>("deleted"), .orders = 0};
  ASSIGN_OR_RETURN(
      const pg::Rows orders,
      database_.Query("SELECT o.product_id FROM unnest($1::uuid[], $2::bigint[]) AS k (id, version) JOIN "
                      "orders o ON o.id = k.id AND o.version = k.version ORDER BY o.id FOR UPDATE OF o",
                      order_ids, order_versions));
  for (const pg::Row row : orders) {
    const auto found = unchanged.find(row.Get<Uuid>("product_id"));
    if (found != unchanged.end()) ++found->second.orders;
  }
  for (const core::Aggregate* aggregate : read) {
    const auto found = unchanged.find(aggregate->product.id);
    if (found != unchanged.end() && found->second.orders != aggregate->orders.size()) unchanged.erase(found);
  }
  return unchanged;
}

absl::StatusOr<core::Aggregate> PostgresProductStore::Load(const Uuid& product_id) {
  ASSIGN_OR_RETURN(std::vector<core::Aggregate> loaded,
                   LoadProducts(database_, {product_id}, Depth::kToShow));
  if (loaded.empty()) return NoProduct();
  return std::move(loaded.front());
}

absl::StatusOr<std::vector<core::Aggregate>> PostgresProductStore::LoadAll(
    const std::vector<Uuid>& product_ids) {
  return LoadProducts(database_, product_ids, Depth::kToDecide);
}

absl::StatusOr<std::vector<core::Aggregate>> PostgresProductStore::List(const Uuid& account_id,
                                                                        const ProductFilter& filter,
                                                                        const std::string& after, int limit) {
  const std::optional<std::string> kind = filter.kind ? std::optional(ToText(*filter.kind)) : std::nullopt;
  const std::optional<std::string> state = filter.state ? std::optional(ToText(*filter.state)) : std::nullopt;
  const std::vector<std::string> parts = absl::StrSplit(after, '/');
  const bool first = parts.size() != 2;
  const std::string date = first ? (filter.descending ? "9999-12-31" : "0001-01-01") : parts[0];
  const Uuid id = first ? Uuid::FromTrusted(filter.descending ? "ffffffff-ffff-ffff-ffff-ffffffffffff"
                                                              : "00000000-0000-0000-0000-000000000000")
                        : Uuid::FromTrusted(parts[1]);
  // What was ordered and never paid is nobody's product.
  absl::StatusOr<pg::Rows> rows =
      filter.descending
          ? database_.Query(
                "SELECT " PERENNIAL_PRODUCT_COLUMNS
                " FROM products WHERE account_id = $1 AND ($2::text IS NULL OR kind = $2) AND ($3::text IS "
                "NULL OR "
                "state = $3) AND ($4::date IS NULL OR expiry_date < $4) AND (start_date IS NOT NULL OR state "
                "= "
                "'pending') AND (coalesce(expiry_date, DATE '9999-12-31'), id) < ($5::date, $6) ORDER BY "
                "coalesce(expiry_date, DATE '9999-12-31') DESC, id DESC LIMIT $7",
                account_id, kind, state, filter.expiring_before, date, id, limit)
          : database_.Query(
                "SELECT " PERENNIAL_PRODUCT_COLUMNS
                " FROM products WHERE account_id = $1 AND ($2::text IS NULL OR kind = $2) AND ($3::text IS "
                "NULL OR "
                "state = $3) AND ($4::date IS NULL OR expiry_date < $4) AND (start_date IS NOT NULL OR state "
                "= "
                "'pending') AND (coalesce(expiry_date, DATE '9999-12-31'), id) > ($5::date, $6) ORDER BY "
                "coalesce(expiry_date, DATE '9999-12-31'), id LIMIT $7",
                account_id, kind, state, filter.expiring_before, date, id, limit);
  RETURN_IF_ERROR(rows.status());
  return LoadRest(database_, *rows, Depth::kToShow);
}

absl::StatusOr<std::vector<TermRow>> PostgresProductStore::Terms(std::optional<Uuid> product_id,
                                                                 const std::string& after, int limit) {
  absl::StatusOr<pg::Rows> rows;
  if (product_id) {
    const std::vector<std::string> parts = absl::StrSplit(after, absl::MaxSplits('/', 1));
    const TimePosition from = TimePositionFrom(parts.size() == 2 ? parts[1] : "", absl::UnixEpoch());
    rows = database_.Query(
        "SELECT " PERENNIAL_TERM_COLUMNS
        " FROM terms WHERE product_id = $1 AND (start_date, created_at, id) > ($2::date, $3, $4) "
        "ORDER BY start_date, created_at, id LIMIT $5",
        *product_id, parts.size() == 2 ? parts[0] : std::string("0001-01-01"), from.time, from.id, limit);
  } else {
    const TimePosition from = TimePositionFrom(after, absl::UnixEpoch());
    rows = database_.Query("SELECT " PERENNIAL_TERM_COLUMNS
                           " FROM terms WHERE (created_at, id) > ($1, $2) ORDER BY created_at, id LIMIT $3",
                           from.time, from.id, limit);
  }
  RETURN_IF_ERROR(rows.status());
  std::vector<TermRow> terms;
  for (const pg::Row row : *rows) terms.push_back(ToTerm(row));
  return terms;
}

absl::StatusOr<std::optional<core::Order>> PostgresProductStore::FindOrder(const Uuid& account_id,
                                                                           const Uuid& order_id) {
  ASSIGN_OR_RETURN(const pg::Rows rows, database_.Query("SELECT " PERENNIAL_ORDER_COLUMNS
                                                        " FROM orders WHERE id = $1 AND account_id = $2",
                                                        order_id, account_id));
  if (rows.empty()) return std::nullopt;
  return ToOrder(rows[0]);
}

absl::StatusOr<pg::Rows> PostgresProductStore::OrderRows(const OrderPage& page) {
  if (!page.account_id) {
    const TimePosition from = TimePositionFrom(page.after, absl::UnixEpoch());
    return database_.Query("SELECT " PERENNIAL_ORDER_COLUMNS
                           " FROM orders WHERE (created_at, id) > ($1, $2) ORDER BY created_at, id LIMIT $3",
                           from.time, from.id, page.limit);
  }
  const absl::Time last = absl::FromCivil(absl::CivilSecond(9999, 1, 1), absl::UTCTimeZone());
  const TimePosition from = TimePositionFrom(page.after, last);
  if (page.product_id) {
    return database_.Query(
        "SELECT " PERENNIAL_ORDER_COLUMNS
        " FROM orders WHERE account_id = $1 AND product_id = $2 AND (created_at, id) < ($3, $4) "
        "ORDER BY created_at DESC, id DESC LIMIT $5",
        *page.account_id, *page.product_id, from.time, from.id, page.limit);
  }
  return database_.Query("SELECT " PERENNIAL_ORDER_COLUMNS
                         " FROM orders WHERE account_id = $1 AND (created_at, id) < ($2, $3) "
                         "ORDER BY created_at DESC, id DESC LIMIT $4",
                         *page.account_id, from.time, from.id, page.limit);
}

absl::StatusOr<std::vector<core::Order>> PostgresProductStore::Orders(const OrderPage& page) {
  ASSIGN_OR_RETURN(const pg::Rows rows, OrderRows(page));
  std::vector<core::Order> orders;
  for (const pg::Row row : rows) orders.push_back(ToOrder(row));
  return orders;
}

absl::StatusOr<std::vector<Claim>> PostgresProductStore::ClaimDue(absl::Time now, absl::Time lease_until,
                                                                  int limit) {
  ASSIGN_OR_RETURN(const pg::Rows rows, database_.Query(kClaimOrdersDue, now, lease_until, limit));
  return ToClaims(rows);
}

absl::StatusOr<std::optional<Claim>> PostgresProductStore::ClaimOrder(const Uuid& order_id, absl::Time now,
                                                                      absl::Time lease_until) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("UPDATE orders SET lease_until = $3, version = version + 1 WHERE id = $1 AND "
                      "next_at IS NOT NULL AND held_by IS NULL AND (lease_until IS NULL OR lease_until "
                      "<= $2) RETURNING id, product_id, version",
                      order_id, now, lease_until));
  if (rows.empty()) return std::nullopt;
  return ToClaims(rows).front();
}

absl::StatusOr<std::vector<ProductStore::Due>> PostgresProductStore::RenewalsDue(absl::Time now, int limit) {
  return ToDue(database_.Query(kRenewalsDue, now, limit));
}

absl::StatusOr<std::vector<ProductStore::Due>> PostgresProductStore::NoticesDue(absl::Time now, int limit) {
  return ToDue(database_.Query(kNoticesDue, now, limit));
}

absl::StatusOr<std::vector<ProductStore::Due>> PostgresProductStore::ExpiriesDue(absl::Time now, int limit) {
  return ToDue(database_.Query(kExpiriesDue, now, limit));
}

absl::StatusOr<std::vector<ProductStore::Due>> PostgresProductStore::EndsDue(absl::Time now, int limit) {
  return ToDue(database_.Query(kEndsDue, now, limit));
}

absl::Status PostgresProductStore::Postpone(const Uuid& product_id, absl::Time until) {
  return database_.Query("UPDATE products SET retry_at = $2 WHERE id = $1", product_id, until).status();
}

absl::StatusOr<std::vector<Uuid>> PostgresProductStore::WaitingRenewals(const Uuid& account_id) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("SELECT product_id FROM orders WHERE account_id = $1 AND kind = 'automatic_renewal' "
                      "AND standing NOT "
                      "IN ('done', 'void') UNION SELECT id FROM products WHERE account_id = $1 AND "
                      "declined_method <> '' ORDER BY product_id",
                      account_id));
  std::vector<Uuid> ids;
  for (const pg::Row row : rows) ids.push_back(row.Get<Uuid>("product_id"));
  return ids;
}

}  // namespace perennial::subscription
