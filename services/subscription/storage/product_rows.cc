#include "services/subscription/storage/product_rows.h"

#include <map>
#include <string>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/subscription/storage/names.h"
#include "services/subscription/storage/offer_json.h"

#define ATTEMPT_COLUMNS                                                                                \
  "id, order_id, number, amount_minor, payment_method, off_session, state, decline_code, created_at, " \
  "updated_at"

#define PRODUCTS_WHERE(condition) "SELECT " PERENNIAL_PRODUCT_COLUMNS " FROM products WHERE " condition
#define TERMS_WHERE(condition)                                    \
  "SELECT " PERENNIAL_TERM_COLUMNS " FROM terms WHERE " condition \
  " AND state = 'active' ORDER BY "                               \
  "start_date"
#define ORDERS_WHERE(condition)                                     \
  "SELECT " PERENNIAL_ORDER_COLUMNS " FROM orders WHERE " condition \
  " AND standing NOT IN ('done', 'void') ORDER BY created_at, id"

namespace perennial::subscription {

absl::Status NoProduct() {
  return NotFound("PRODUCT_NOT_FOUND", "there is no such product");
}

namespace {

using OptionalTime = std::optional<absl::Time>;

Rational ValueFrom(const pg::Row& row) {
  const auto value =
      Rational::Parse(row.Get<std::string>("value_numerator"), row.Get<std::string>("value_denominator"));
  if (!value.ok()) std::abort();  // the table's constraints hold
  return *value;
}

// Where each product is in a batch, and the product of each order.
using Places = std::map<Uuid, core::Aggregate*>;

// The card networks' limits are over all orders of a product (R17); more than these do not matter to them.
absl::Status AddPastAttempts(pg::Database& database, const Places& products) {
  std::vector<Uuid> renewing;
  for (const auto& [id, aggregate] : products) {
    const bool will_renew = aggregate->product.renew_at.has_value();
    if (will_renew || core::OpenAutomaticRenewal(*aggregate) != nullptr) renewing.push_back(id);
  }
  if (renewing.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database.Query(
          "SELECT p.id AS product_id, a.id, a.order_id, a.number, a.amount_minor, a.payment_method, "
          "a.off_session, a.state, a.decline_code, a.created_at, a.updated_at "
          "FROM unnest($1::uuid[]) AS p (id), LATERAL (SELECT a.id, a.order_id, a.number, "
          "a.amount_minor, a.payment_method, a.off_session, a.state, a.decline_code, a.created_at, "
          "a.updated_at FROM orders o JOIN attempts a ON a.order_id = o.id "
          "WHERE o.product_id = p.id AND o.standing IN ('done', 'void') AND a.decline_code <> $2 "
          "ORDER BY a.created_at DESC LIMIT 40) AS a",
          renewing, absl::string_view(core::kCardExhausted)));
  for (const pg::Row row : rows) products.at(row.Get<Uuid>("product_id"))->attempts.push_back(ToAttempt(row));
  return absl::OkStatus();
}

std::optional<CivilDate> ExpiryDate(const core::Product& product) {
  return product.start ? std::optional(core::ExpiryOf(product)) : std::nullopt;
}

}  // namespace

core::Product ToProduct(const pg::Row& row) {
  core::Product product;
  product.id = row.Get<Uuid>("id");
  product.account_id = row.Get<Uuid>("account_id");
  product.kind = FromText<core::ProductKind>(row.Get<std::string>("kind"));
  product.display_name = row.Get<std::string>("display_name");
  product.site_id = row.Get<std::optional<Uuid>>("site_id");
  product.plan_id = row.Get<std::string>("plan_id");
  product.domain_name = row.Get<std::string>("domain_name");
  product.domain_product_id = row.Get<std::optional<Uuid>>("domain_product_id");
  product.local_part = row.Get<std::string>("local_part");
  product.mailbox_address = row.Get<std::string>("mailbox_address");
  product.state = FromText<core::ProductState>(row.Get<std::string>("state"));
  product.delivery_state = FromText<core::DeliveryState>(row.Get<std::string>("delivery_state"));
  product.currency = row.Get<std::string>("currency");
  product.cycle_months = row.Get<int>("cycle_months");
  product.start = row.Get<std::optional<CivilDate>>("start_date");
  product.paid_months = row.Get<int>("paid_months");
  product.time_zone = row.Get<std::string>("time_zone");
  product.auto_renew = row.Get<bool>("auto_renew");
  product.next_plan_id = row.Get<std::string>("next_plan_id");
  product.next_cycle_months = row.Get<int>("next_cycle_months");
  product.renew_at = row.Get<OptionalTime>("renew_at");
  product.expires_at = row.Get<OptionalTime>("expires_at");
  product.ends_at = row.Get<OptionalTime>("ends_at");
  product.notice_at = row.Get<OptionalTime>("notice_at");
  product.notice_stage = row.Get<int>("notice_stage");
  product.return_days = row.Get<int>("return_days");
  product.declined_method = row.Get<std::string>("declined_method");
  product.version = row.Get<int64_t>("version");
  product.paid_version = row.Get<int64_t>("paid_version");
  product.created_at = row.Get<absl::Time>("created_at");
  product.updated_at = row.Get<absl::Time>("updated_at");
  return product;
}

TermRow ToTerm(const pg::Row& row) {
  core::Term term;
  term.id = row.Get<Uuid>("id");
  term.order_id = row.Get<Uuid>("order_id");
  term.plan_id = row.Get<std::string>("plan_id");
  term.cycle_months = row.Get<int>("cycle_months");
  term.start = row.Get<CivilDate>("start_date");
  term.end = row.Get<CivilDate>("end_date");
  term.time_zone = row.Get<std::string>("time_zone");
  term.paid_minor = row.Get<int64_t>("paid_minor");
  term.value = ValueFrom(row);
  term.whole_days = row.Get<int>("whole_days");
  term.state = FromText<core::TermState>(row.Get<std::string>("state"));
  term.created_at = row.Get<absl::Time>("created_at");
  return {term, row.Get<Uuid>("account_id"), row.Get<Uuid>("product_id"), row.Get<std::string>("currency")};
}

core::Order ToOrder(const pg::Row& row) {
  core::Order order;
  order.id = row.Get<Uuid>("id");
  order.account_id = row.Get<Uuid>("account_id");
  order.quote_id = row.Get<std::optional<Uuid>>("quote_id");
  order.offer = OfferFromJson(row.Get<std::string>("offer"));
  order.step = FromText<core::OrderStep>(row.Get<std::string>("step"));
  order.failure = FromText<core::OrderFailure>(row.Get<std::string>("failure"));
  order.total_minor = row.Get<std::optional<int64_t>>("total_minor");
  order.wanted_method = row.Get<std::string>("wanted_method");
  order.payment_method = row.Get<std::string>("payment_method");
  order.payment_description = row.Get<std::string>("payment_description");
  order.charge_id = row.Get<std::optional<Uuid>>("charge_id");
  order.attempt_count = row.Get<int>("attempt_count");
  order.wait = FromText<core::Wait>(row.Get<std::string>("wait"));
  order.next_at = row.Get<OptionalTime>("next_at");
  order.first_attempt_at = row.Get<OptionalTime>("first_attempt_at");
  order.dunning_ends_at = row.Get<OptionalTime>("dunning_ends_at");
  order.decline_code = row.Get<std::string>("decline_code");
  order.action_url = row.Get<std::string>("action_url");
  order.invoice = row.Get<std::string>("invoice");
  order.refund = row.Get<std::string>("refund");
  order.credit_note = row.Get<std::string>("credit_note");
  order.held_by = row.Get<std::optional<Uuid>>("held_by");
  order.faults = row.Get<int>("faults");
  order.lease_until = row.Get<OptionalTime>("lease_until");
  order.version = row.Get<int64_t>("version");
  order.created_at = row.Get<absl::Time>("created_at");
  order.updated_at = row.Get<absl::Time>("updated_at");
  return order;
}

core::Attempt ToAttempt(const pg::Row& row) {
  core::Attempt attempt;
  attempt.id = row.Get<Uuid>("id");
  attempt.order_id = row.Get<Uuid>("order_id");
  attempt.number = row.Get<int>("number");
  attempt.amount_minor = row.Get<int64_t>("amount_minor");
  attempt.payment_method = row.Get<std::string>("payment_method");
  attempt.off_session = row.Get<bool>("off_session");
  attempt.state = FromText<core::AttemptState>(row.Get<std::string>("state"));
  attempt.decline_code = row.Get<std::string>("decline_code");
  attempt.created_at = row.Get<absl::Time>("created_at");
  attempt.updated_at = row.Get<absl::Time>("updated_at");
  return attempt;
}

namespace {

// Terms and open orders. Of one product by statements of their own: what asks for a list is planned anew each
// time, which costs Postgres more than to run it.
std::vector<pg::Statement> RestOf(const std::vector<Uuid>& product_ids, Depth depth) {
  const bool locks = depth == Depth::kToWrite;
  if (product_ids.size() == 1) {
    const Uuid& id = product_ids.front();
    return {{TERMS_WHERE("product_id = $1"), {id}},
            {locks ? ORDERS_WHERE("product_id = $1") " FOR UPDATE" : ORDERS_WHERE("product_id = $1"), {id}}};
  }
  return {{TERMS_WHERE("product_id = ANY($1)"), {product_ids}},
          {locks ? ORDERS_WHERE("product_id = ANY($1)") " FOR UPDATE" : ORDERS_WHERE("product_id = ANY($1)"),
           {product_ids}}};
}

// The product first: what changes meanwhile then leaves it at a version that is no longer its own.
std::vector<pg::Statement> AllOf(const std::vector<Uuid>& ids, Depth depth) {
  std::vector<pg::Statement> statements = {ids.size() == 1
                                               ? pg::Statement{PRODUCTS_WHERE("id = $1"), {ids.front()}}
                                               : pg::Statement{PRODUCTS_WHERE("id = ANY($1)"), {ids}}};
  for (pg::Statement& statement : RestOf(ids, depth)) statements.push_back(std::move(statement));
  return statements;
}

// Each statement sees what was committed before it, so a product may be missing whose order is there.
core::Aggregate* PlaceOf(const Places& places, const Uuid& product_id) {
  const auto found = places.find(product_id);
  return found == places.end() ? nullptr : found->second;
}

absl::StatusOr<std::vector<core::Aggregate>> Assemble(pg::Database& database, const pg::Rows& products,
                                                      const pg::Rows& terms, const pg::Rows& orders,
                                                      Depth depth) {
  std::vector<core::Aggregate> aggregates;
  aggregates.reserve(static_cast<size_t>(products.size()));
  Places places;
  for (const pg::Row row : products) {
    aggregates.emplace_back();
    aggregates.back().product = ToProduct(row);
    places[aggregates.back().product.id] = &aggregates.back();
  }
  for (const pg::Row row : terms) {
    core::Aggregate* aggregate = PlaceOf(places, row.Get<Uuid>("product_id"));
    if (aggregate != nullptr) aggregate->terms.push_back(ToTerm(row).term);
  }
  Places places_of_orders;
  std::vector<Uuid> order_ids;
  for (const pg::Row row : orders) {
    core::Order order = ToOrder(row);
    core::Aggregate* aggregate = PlaceOf(places, order.offer.product_id);
    if (aggregate == nullptr) continue;
    order_ids.push_back(order.id);
    places_of_orders[order.id] = aggregate;
    aggregate->orders.push_back(std::move(order));
  }
  if (depth != Depth::kToShow) RETURN_IF_ERROR(AddPastAttempts(database, places));
  if (order_ids.empty()) return aggregates;
  ASSIGN_OR_RETURN(const pg::Rows attempts,
                   database.Query("SELECT " ATTEMPT_COLUMNS
                                  " FROM attempts WHERE order_id = ANY($1) ORDER BY order_id, number",
                                  order_ids));
  for (const pg::Row row : attempts)
    places_of_orders.at(row.Get<Uuid>("order_id"))->attempts.push_back(ToAttempt(row));
  return aggregates;
}

}  // namespace

absl::StatusOr<std::vector<core::Aggregate>> LoadRest(pg::Database& database, const pg::Rows& products,
                                                      Depth depth) {
  std::vector<Uuid> ids;
  for (const pg::Row row : products) ids.push_back(row.Get<Uuid>("id"));
  if (ids.empty()) return std::vector<core::Aggregate>();
  ASSIGN_OR_RETURN(const std::vector<pg::Rows> rest, database.QueryTogether(RestOf(ids, depth)));
  return Assemble(database, products, rest[0], rest[1], depth);
}

absl::StatusOr<std::vector<core::Aggregate>> LoadProducts(pg::Database& database,
                                                          const std::vector<Uuid>& ids, Depth depth) {
  ASSIGN_OR_RETURN(const std::vector<pg::Rows> rows, database.QueryTogether(AllOf(ids, depth)));
  return Assemble(database, rows[0], rows[1], rows[2], depth);
}

absl::StatusOr<std::pair<core::Aggregate, pg::Rows>> LoadProductWith(pg::Database& database, const Uuid& id,
                                                                     pg::Statement along) {
  std::vector<pg::Statement> statements = AllOf({id}, Depth::kToShow);
  statements.push_back(std::move(along));
  ASSIGN_OR_RETURN(const std::vector<pg::Rows> rows, database.QueryTogether(std::move(statements)));
  ASSIGN_OR_RETURN(std::vector<core::Aggregate> loaded,
                   Assemble(database, rows[0], rows[1], rows[2], Depth::kToShow));
  if (loaded.empty()) return NoProduct();
  return std::pair(std::move(loaded.front()), rows[3]);
}

absl::Status InsertProduct(pg::Database& database, const core::Product& product) {
  ASSIGN_OR_RETURN(
      const pg::Rows inserted,
      database.Query("INSERT INTO products (" PERENNIAL_PRODUCT_COLUMNS
                     ", expiry_date) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, "
                     "$9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, "
                     "$26, $27, $28, $29, "
                     "$30, $31, $32) ON CONFLICT DO NOTHING",
                     product.id, product.account_id, ToText(product.kind), product.display_name,
                     product.site_id, product.plan_id, product.domain_name, product.domain_product_id,
                     product.local_part, product.mailbox_address, ToText(product.state),
                     ToText(product.delivery_state), product.currency, product.cycle_months, product.start,
                     product.paid_months, product.time_zone, product.auto_renew, product.next_plan_id,
                     product.next_cycle_months, product.renew_at, product.expires_at, product.ends_at,
                     product.notice_at, product.notice_stage, product.return_days, product.declined_method,
                     product.version, product.paid_version, product.created_at, product.updated_at,
                     ExpiryDate(product)));
  return inserted.affected() == 1 ? absl::OkStatus()
                                  : absl::AlreadyExistsError("a product of this key exists");
}

absl::Status UpdateProducts(pg::Database& database, const std::vector<core::Product>& products) {
  pg::Columns rows;
  for (const core::Product& product : products) {
    rows.AddRow(product.id, product.plan_id, ToText(product.state), ToText(product.delivery_state),
                product.cycle_months, product.start, ExpiryDate(product), product.paid_months,
                product.time_zone, product.auto_renew, product.next_plan_id, product.next_cycle_months,
                product.renew_at, product.expires_at, product.ends_at, product.notice_at,
                product.notice_stage, product.version, product.paid_version, product.updated_at,
                product.display_name, product.declined_method, product.site_id);
  }
  return database.Execute(
      "UPDATE products p SET plan_id = n.plan_id, state = n.state, delivery_state = n.delivery_state, "
      "cycle_months = n.cycle_months, start_date = n.start_date, expiry_date = n.expiry_date, "
      "paid_months = n.paid_months, time_zone = n.time_zone, auto_renew = n.auto_renew, "
      "next_plan_id = n.next_plan_id, next_cycle_months = n.next_cycle_months, renew_at = n.renew_at, "
      "expires_at = n.expires_at, ends_at = n.ends_at, notice_at = n.notice_at, "
      "notice_stage = n.notice_stage, version = n.version, paid_version = n.paid_version, "
      "updated_at = n.updated_at, display_name = n.display_name, declined_method = n.declined_method, "
      "site_id = n.site_id FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::int[], "
      "$6::date[], $7::date[], $8::int[], $9::text[], $10::boolean[], $11::text[], $12::int[], "
      "$13::timestamptz[], $14::timestamptz[], $15::timestamptz[], $16::timestamptz[], $17::int[], "
      "$18::bigint[], $19::bigint[], $20::timestamptz[], $21::text[], $22::text[], $23::uuid[]) AS n (id, "
      "plan_id, state, delivery_state, cycle_months, start_date, expiry_date, paid_months, time_zone, "
      "auto_renew, next_plan_id, next_cycle_months, renew_at, expires_at, ends_at, notice_at, "
      "notice_stage, version, paid_version, updated_at, display_name, declined_method, site_id) "
      "WHERE p.id = n.id",
      rows);
}

absl::Status InsertOrders(pg::Database& database, const std::vector<core::Order>& orders) {
  pg::Columns rows;
  for (const core::Order& order : orders) {
    rows.AddRow(order.id, order.account_id, order.quote_id, pg::Literal{OfferToJson(order.offer)},
                ToText(order.step), ToText(order.failure), order.total_minor, order.wanted_method,
                order.payment_method, order.payment_description, order.charge_id, order.attempt_count,
                ToText(order.wait), order.next_at, order.first_attempt_at, order.dunning_ends_at,
                order.decline_code, order.action_url, order.invoice, order.refund, order.credit_note,
                order.held_by, order.faults, order.lease_until, order.version, order.created_at,
                order.updated_at, order.offer.product_id, ToText(order.offer.kind), order.offer.TermStart());
  }
  return database.Execute(
      "INSERT INTO orders (" PERENNIAL_ORDER_COLUMNS
      ", product_id, kind, term_start) SELECT " PERENNIAL_ORDER_COLUMNS
      ", product_id, kind, term_start FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], "
      "$4::jsonb[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::text[], $10::text[], $11::uuid[], "
      "$12::int[], $13::text[], $14::timestamptz[], $15::timestamptz[], $16::timestamptz[], $17::text[], "
      "$18::text[], $19::text[], $20::text[], $21::text[], $22::uuid[], $23::int[], $24::timestamptz[], "
      "$25::bigint[], $26::timestamptz[], $27::timestamptz[], $28::uuid[], $29::text[], $30::date[]) AS n "
      "(" PERENNIAL_ORDER_COLUMNS ", product_id, kind, term_start)",
      rows);
}

absl::Status UpdateOrders(pg::Database& database, const std::vector<core::Order>& orders) {
  pg::Columns rows;
  for (const core::Order& order : orders) {
    rows.AddRow(order.id, ToText(order.step), ToText(order.failure), order.total_minor, order.wanted_method,
                order.payment_method, order.payment_description, order.charge_id, order.attempt_count,
                ToText(order.wait), order.next_at, order.decline_code, order.action_url, order.invoice,
                order.refund, order.credit_note, order.held_by, order.faults, order.lease_until,
                order.version, order.updated_at);
  }
  return database.Execute(
      "UPDATE orders o SET step = n.step, failure = n.failure, total_minor = n.total_minor, "
      "wanted_method = n.wanted_method, payment_method = n.payment_method, "
      "payment_description = n.payment_description, charge_id = n.charge_id, "
      "attempt_count = n.attempt_count, wait = n.wait, next_at = n.next_at, decline_code = n.decline_code, "
      "action_url = n.action_url, invoice = n.invoice, refund = n.refund, credit_note = n.credit_note, "
      "held_by = n.held_by, faults = n.faults, lease_until = n.lease_until, version = n.version, "
      "updated_at = n.updated_at FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], "
      "$6::text[], $7::text[], $8::uuid[], $9::int[], $10::text[], $11::timestamptz[], $12::text[], "
      "$13::text[], $14::text[], $15::text[], $16::text[], $17::uuid[], $18::int[], $19::timestamptz[], "
      "$20::bigint[], $21::timestamptz[]) AS n (id, step, failure, total_minor, wanted_method, "
      "payment_method, payment_description, charge_id, attempt_count, wait, next_at, decline_code, "
      "action_url, invoice, refund, credit_note, held_by, faults, lease_until, version, updated_at) "
      "WHERE o.id = n.id",
      rows);
}

absl::Status InsertAttempts(pg::Database& database, const std::vector<core::Attempt>& attempts) {
  pg::Columns rows;
  for (const core::Attempt& attempt : attempts) {
    rows.AddRow(attempt.id, attempt.order_id, attempt.number, attempt.amount_minor, attempt.payment_method,
                attempt.off_session, ToText(attempt.state), attempt.decline_code, attempt.created_at,
                attempt.updated_at);
  }
  return database.Execute("INSERT INTO attempts (" ATTEMPT_COLUMNS ") SELECT " ATTEMPT_COLUMNS
                          " FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::bigint[], $5::text[], "
                          "$6::boolean[], $7::text[], $8::text[], $9::timestamptz[], $10::timestamptz[]) "
                          "AS n (" ATTEMPT_COLUMNS ")",
                          rows);
}

absl::Status UpdateAttempts(pg::Database& database, const std::vector<core::Attempt>& attempts) {
  pg::Columns rows;
  for (const core::Attempt& attempt : attempts)
    rows.AddRow(attempt.id, ToText(attempt.state), attempt.decline_code, attempt.updated_at);
  return database.Execute(
      "UPDATE attempts a SET state = n.state, decline_code = n.decline_code, updated_at = n.updated_at FROM "
      "unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[]) AS n (id, state, decline_code, "
      "updated_at) WHERE a.id = n.id",
      rows);
}

absl::Status InsertTerms(pg::Database& database, const std::vector<TermRow>& terms) {
  pg::Columns rows;
  for (const TermRow& row : terms) {
    const core::Term& term = row.term;
    rows.AddRow(term.id, row.product_id, row.account_id, term.order_id, term.plan_id, term.cycle_months,
                term.start, term.end, term.time_zone, row.currency, term.paid_minor,
                pg::Literal{term.value.numerator()}, pg::Literal{term.value.denominator()}, term.whole_days,
                ToText(term.state), term.created_at);
  }
  return database.Execute("INSERT INTO terms (" PERENNIAL_TERM_COLUMNS ") SELECT " PERENNIAL_TERM_COLUMNS
                          " FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], "
                          "$6::int[], $7::date[], $8::date[], $9::text[], $10::text[], $11::bigint[], "
                          "$12::numeric[], $13::numeric[], $14::int[], $15::text[], $16::timestamptz[]) "
                          "AS n (" PERENNIAL_TERM_COLUMNS ")",
                          rows);
}

absl::Status UpdateTerms(pg::Database& database, const std::vector<TermRow>& terms) {
  pg::Columns rows;
  for (const TermRow& row : terms) rows.AddRow(row.term.id, ToText(row.term.state));
  return database.Execute(
      "UPDATE terms t SET state = n.state FROM unnest($1::uuid[], $2::text[]) AS "
      "n (id, state) WHERE t.id = n.id",
      rows);
}

}  // namespace perennial::subscription
