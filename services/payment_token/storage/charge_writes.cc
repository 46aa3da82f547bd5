#include "services/payment_token/storage/charge_writes.h"

#include <algorithm>
#include <map>

#include "libs/base/status_macros.h"
#include "services/payment_token/storage/column_text.h"

// What a new charge comes with.
#define NEW_CHARGE_COLUMNS                                                                             \
  "charge_id, account_id, order_id, requested_method_id, payment_method_id, payment_description, "     \
  "amount_minor, currency, off_session, description, state, decline_code, decline_class, created_at, " \
  "updated_at, first_sent_at, ask_count, last_asked_at, next_ask_at, card_fingerprint, retry_at"

namespace perennial::payment_token {
namespace {

Uuid IdOf(const core::Charge& charge) {
  return charge.request.id;
}

void SortById(std::vector<core::Charge>& charges) {
  std::sort(charges.begin(), charges.end(),
            [](const core::Charge& a, const core::Charge& b) { return a.request.id < b.request.id; });
}

}  // namespace

absl::StatusOr<std::vector<Uuid>> InsertCharges(pg::Database& database, std::vector<core::Charge> charges,
                                                absl::Time lease_until) {
  // Two batches that hold the same charge wait for each other in one order.
  SortById(charges);
  using core::Charge;
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database.Query(
          "INSERT INTO charges (" NEW_CHARGE_COLUMNS
          ", action_url, gateway_reference, lease_until) SELECT " NEW_CHARGE_COLUMNS
          ", '', '', CASE WHEN next_ask_at IS NOT NULL THEN $22::timestamptz END FROM unnest($1::uuid[], "
          "$2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::bigint[], $8::text[], "
          "$9::boolean[], $10::text[], $11::text[], $12::text[], $13::text[], $14::timestamptz[], "
          "$15::timestamptz[], $16::timestamptz[], $17::integer[], $18::timestamptz[], $19::timestamptz[], "
          "$20::text[], $21::timestamptz[]) AS u (" NEW_CHARGE_COLUMNS
          ") ON CONFLICT (charge_id) DO NOTHING RETURNING charge_id AS id",
          Column(charges, IdOf), Column(charges, [](const Charge& c) { return c.request.account_id; }),
          Column(charges, [](const Charge& c) { return c.request.order_id; }),
          Column(charges, [](const Charge& c) { return c.request.payment_method_id; }),
          Column(charges, [](const Charge& c) { return c.payment_method_id; }),
          Column(charges, [](const Charge& c) { return absl::string_view(c.payment_description); }),
          Column(charges, [](const Charge& c) { return c.request.amount.minor; }),
          Column(charges, [](const Charge& c) { return absl::string_view(c.request.amount.currency); }),
          Column(charges, [](const Charge& c) { return c.request.off_session; }),
          Column(charges, [](const Charge& c) { return absl::string_view(c.request.description); }),
          Column(charges, [](const Charge& c) { return ToColumn(c.state); }),
          Column(charges, [](const Charge& c) { return absl::string_view(c.decline_code); }),
          Column(charges, [](const Charge& c) { return ToColumn(c.decline_class); }),
          Column(charges, [](const Charge& c) { return c.created_at; }),
          Column(charges, [](const Charge& c) { return c.updated_at; }),
          Column(charges, [](const Charge& c) { return c.first_sent_at; }),
          Column(charges, [](const Charge& c) { return c.ask_count; }),
          Column(charges, [](const Charge& c) { return c.last_asked_at; }),
          Column(charges, [](const Charge& c) { return c.next_ask_at; }),
          Column(charges, [](const Charge& c) { return absl::string_view(c.card_fingerprint); }),
          Column(charges, [](const Charge& c) { return c.retry_at; }), lease_until));
  std::vector<Uuid> inserted;
  for (const pg::Row row : rows) inserted.push_back(row.Get<Uuid>("id"));
  return inserted;
}

absl::Status WriteCharges(pg::Database& database, const std::vector<core::Charge>& charges,
                          const std::vector<std::optional<absl::Time>>& leases) {
  if (charges.empty()) return absl::OkStatus();
  using core::Charge;
  return database.Execute(
      "UPDATE charges AS c SET state = u.state, decline_code = u.decline_code, decline_class = "
      "u.decline_class, action_url = u.action_url, gateway_reference = u.gateway_reference, updated_at = "
      "u.updated_at, first_sent_at = u.first_sent_at, ask_count = u.ask_count, last_asked_at = "
      "u.last_asked_at, next_ask_at = u.next_ask_at, lease_until = u.lease_until, given_up_at = "
      "u.given_up_at "
      "FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], "
      "$7::timestamptz[], $8::timestamptz[], $9::integer[], $10::timestamptz[], $11::timestamptz[], "
      "$12::timestamptz[], $13::timestamptz[]) AS u (charge_id, state, decline_code, decline_class, "
      "action_url, gateway_reference, updated_at, first_sent_at, ask_count, last_asked_at, next_ask_at, "
      "lease_until, given_up_at) WHERE c.charge_id = u.charge_id",
      Column(charges, IdOf), Column(charges, [](const Charge& c) { return ToColumn(c.state); }),
      Column(charges, [](const Charge& c) { return absl::string_view(c.decline_code); }),
      Column(charges, [](const Charge& c) { return ToColumn(c.decline_class); }),
      Column(charges, [](const Charge& c) { return absl::string_view(c.action_url); }),
      Column(charges, [](const Charge& c) { return absl::string_view(c.gateway_reference); }),
      Column(charges, [](const Charge& c) { return c.updated_at; }),
      Column(charges, [](const Charge& c) { return c.first_sent_at; }),
      Column(charges, [](const Charge& c) { return c.ask_count; }),
      Column(charges, [](const Charge& c) { return c.last_asked_at; }),
      Column(charges, [](const Charge& c) { return c.next_ask_at; }), leases,
      Column(charges, [](const Charge& c) { return c.given_up_at; }));
}

absl::StatusOr<std::vector<Uuid>> RecordCharges(pg::Database& database, std::vector<core::Charge> answered) {
  SortById(answered);
  // Each claim counts up ask_count: so it tells whether the charge is still as it was claimed.
  using core::Charge;
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database.Query(
          "UPDATE charges AS c SET state = u.state, decline_code = u.decline_code, decline_class = "
          "u.decline_class, action_url = u.action_url, gateway_reference = u.gateway_reference, updated_at = "
          "u.updated_at, first_sent_at = u.first_sent_at, next_ask_at = u.next_ask_at, lease_until = NULL "
          "FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], "
          "$7::timestamptz[], $8::timestamptz[], $9::integer[], $10::timestamptz[], $11::timestamptz[]) AS "
          "u (charge_id, state, decline_code, decline_class, action_url, gateway_reference, updated_at, "
          "first_sent_at, ask_count, next_ask_at, given_up_at) WHERE c.charge_id = u.charge_id AND "
          "c.ask_count = u.ask_count AND c.next_ask_at IS NOT NULL AND c.given_up_at IS NOT DISTINCT FROM "
          "u.given_up_at RETURNING c.charge_id AS id",
          Column(answered, IdOf), Column(answered, [](const Charge& c) { return ToColumn(c.state); }),
          Column(answered, [](const Charge& c) { return absl::string_view(c.decline_code); }),
          Column(answered, [](const Charge& c) { return ToColumn(c.decline_class); }),
          Column(answered, [](const Charge& c) { return absl::string_view(c.action_url); }),
          Column(answered, [](const Charge& c) { return absl::string_view(c.gateway_reference); }),
          Column(answered, [](const Charge& c) { return c.updated_at; }),
          Column(answered, [](const Charge& c) { return c.first_sent_at; }),
          Column(answered, [](const Charge& c) { return c.ask_count; }),
          Column(answered, [](const Charge& c) { return c.next_ask_at; }),
          Column(answered, [](const Charge& c) { return c.given_up_at; })));
  std::vector<Uuid> recorded;
  for (const pg::Row row : rows) recorded.push_back(row.Get<Uuid>("id"));
  return recorded;
}

// Both lock by id, so that two batches cannot wait for each other. The join lets an answer that comes too
// late change nothing.
absl::Status MarkUsed(pg::Database& database, const std::vector<core::Charge>& charges) {
  std::map<Uuid, const core::Charge*> last_of_account;
  std::map<Uuid, absl::Time> used;
  for (const core::Charge& charge : charges) {
    if (charge.state != core::ChargeState::kSucceeded) continue;
    last_of_account[charge.request.account_id] = &charge;
    used[*charge.payment_method_id] = charge.updated_at;
  }
  if (used.empty()) return absl::OkStatus();
  std::vector<Uuid> accounts, methods_of_accounts, charge_ids, methods;
  std::vector<absl::Time> times;
  for (const auto& [account_id, charge] : last_of_account) {
    accounts.push_back(account_id);
    methods_of_accounts.push_back(*charge->payment_method_id);
    charge_ids.push_back(charge->request.id);
  }
  for (const auto& [method_id, at] : used) {
    methods.push_back(method_id);
    times.push_back(at);
  }
  RETURN_IF_ERROR(database.Execute(
      "WITH used AS (SELECT a.account_id, u.method FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS "
      "u (account_id, method, charge_id) JOIN charges c ON c.charge_id = u.charge_id AND c.next_ask_at IS "
      "NOT "
      "NULL JOIN gateway_accounts a ON a.account_id = u.account_id AND a.deleted_at IS NULL AND "
      "a.last_used_method IS DISTINCT FROM u.method ORDER BY a.account_id FOR NO KEY UPDATE OF a) "
      "UPDATE gateway_accounts a SET last_used_method = used.method FROM used WHERE a.account_id = "
      "used.account_id",
      accounts, methods_of_accounts, charge_ids));
  return database.Execute(
      "WITH used AS (SELECT m.payment_method_id, u.at FROM unnest($1::uuid[], $2::timestamptz[]) AS "
      "u (method, at) JOIN payment_methods m ON m.payment_method_id = u.method ORDER BY m.payment_method_id "
      "FOR NO KEY UPDATE OF m) UPDATE payment_methods m SET last_used_at = greatest(m.last_used_at, used.at) "
      "FROM used WHERE m.payment_method_id = used.payment_method_id",
      methods, times);
}

}  // namespace perennial::payment_token
