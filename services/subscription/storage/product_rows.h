#pragma once

#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/pg/database.h"
#include "services/subscription/app/ports.h"

// Reading and writing the rows that make an Aggregate; used by the stores.
namespace perennial::subscription {

#define PERENNIAL_PRODUCT_COLUMNS                                                                         \
  "id, account_id, kind, display_name, site_id, plan_id, domain_name, domain_product_id, local_part, "    \
  "mailbox_address, state, delivery_state, currency, cycle_months, start_date, paid_months, time_zone, "  \
  "auto_renew, next_plan_id, next_cycle_months, renew_at, expires_at, ends_at, notice_at, notice_stage, " \
  "return_days, declined_method, version, paid_version, created_at, updated_at"

#define PERENNIAL_TERM_COLUMNS                                                                               \
  "id, product_id, account_id, order_id, plan_id, cycle_months, start_date, end_date, time_zone, currency, " \
  "paid_minor, value_numerator, value_denominator, whole_days, state, created_at"

#define PERENNIAL_ORDER_COLUMNS                                                                       \
  "id, account_id, quote_id, offer, step, failure, total_minor, wanted_method, payment_method, "      \
  "payment_description, charge_id, attempt_count, wait, next_at, first_attempt_at, dunning_ends_at, " \
  "decline_code, action_url, invoice, refund, credit_note, held_by, faults, lease_until, version, "   \
  "created_at, "                                                                                      \
  "updated_at"

absl::Status NoProduct();

core::Product ToProduct(const pg::Row& row);
TermRow ToTerm(const pg::Row& row);
core::Order ToOrder(const pg::Row& row);
core::Attempt ToAttempt(const pg::Row& row);

// Adds terms, open orders and their attempts to products, in a number of statements that does not depend on
// how many there are.
enum class Depth {
  kToShow,
  kToDecide,  // with the attempts of past orders that a rule may ask for (R17)
  kToWrite,   // the same, and the orders' rows are locked, so that no worker claims them meanwhile
};
absl::StatusOr<std::vector<core::Aggregate>> LoadRest(pg::Database& database, const pg::Rows& products,
                                                      Depth depth);
// Those of the products that there are, with all that, in one round trip unless there are orders. No locks.
absl::StatusOr<std::vector<core::Aggregate>> LoadProducts(pg::Database& database,
                                                          const std::vector<Uuid>& ids, Depth depth);
// One product, to be shown, and the rows of a statement that goes along. PRODUCT_NOT_FOUND.
absl::StatusOr<std::pair<core::Aggregate, pg::Rows>> LoadProductWith(pg::Database& database, const Uuid& id,
                                                                     pg::Statement along);

absl::Status InsertProduct(pg::Database& database, const core::Product& product);
// One statement each, which travels along (pg::Database::Execute).
absl::Status UpdateProducts(pg::Database& database, const std::vector<core::Product>& products);
absl::Status InsertOrders(pg::Database& database, const std::vector<core::Order>& orders);
absl::Status UpdateOrders(pg::Database& database, const std::vector<core::Order>& orders);
absl::Status InsertAttempts(pg::Database& database, const std::vector<core::Attempt>& attempts);
absl::Status UpdateAttempts(pg::Database& database, const std::vector<core::Attempt>& attempts);
absl::Status InsertTerms(pg::Database& database, const std::vector<TermRow>& terms);
absl::Status UpdateTerms(pg::Database& database, const std::vector<TermRow>& terms);

}  // namespace perennial::subscription
