#include "services/payment_token/storage/postgres_payment_method_store.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/payment_token/storage/column_text.h"

namespace perennial::payment_token {
namespace {

// Until what cannot be opened is tried again.
constexpr absl::Duration kRest = absl::Hours(1);

core::PaymentMethod ReadMethod(const Uuid& account_id, const pg::Row& row) {
  core::PaymentMethod method;
  method.id = row.Get<Uuid>("payment_method_id");
  method.account_id = account_id;
  method.card.brand = FromColumn<core::CardBrand>(row.Get<std::string>("brand"));
  method.card.last_four = row.Get<std::string>("last_four");
  method.card.expiry_month = row.Get<int>("expiry_month");
  method.card.expiry_year = row.Get<int>("expiry_year");
  method.card.fingerprint = row.Get<std::string>("fingerprint");
  method.card.country_code = row.Get<std::string>("country_code");
  method.card.funding = FromColumn<core::CardFunding>(row.Get<std::string>("funding"));
  method.created_at = row.Get<absl::Time>("created_at");
  method.last_used_at = row.Get<std::optional<absl::Time>>("last_used_at");
  return method;
}

std::vector<Uuid> Ids(const pg::Rows& rows) {
  std::vector<Uuid> ids;
  for (const pg::Row row : rows) ids.push_back(row.Get<Uuid>("payment_method_id"));
  return ids;
}

}  // namespace

absl::StatusOr<GatewayAccount> PostgresPaymentMethodStore::ReadAccount(const Uuid& account_id,
                                                                       const pg::Rows& rows) {
  GatewayAccount account;
  if (rows.empty()) return account;
  const auto customer = rows[0].Get<std::optional<pg::Bytes>>("customer");
  if (customer) {
    ASSIGN_OR_RETURN(account.customer, vault_.OpenCustomer(account_id, customer->value));
  }
  account.last_used_method = rows[0].Get<std::optional<Uuid>>("last_used_method");
  return account;
}

absl::StatusOr<GatewayAccount> PostgresPaymentMethodStore::MakeAccount(const Uuid& account_id,
                                                                       const pg::Rows& rows) {
  ASSIGN_OR_RETURN(GatewayAccount account, ReadAccount(account_id, rows));
  ASSIGN_OR_RETURN(const pg::Rows deleted,
                   database_.Query("SELECT deleted_at FROM deleted_accounts WHERE account_hash = $1",
                                   pg::Bytes{vault_.HashOfAccount(account_id)}));
  account.is_deleted = !deleted.empty();
  return account;
}

absl::StatusOr<GatewayAccount> PostgresPaymentMethodStore::GetAccount(const Uuid& account_id) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("SELECT customer, last_used_method FROM gateway_accounts WHERE account_id = $1",
                      account_id));
  return MakeAccount(account_id, rows);
}

absl::StatusOr<std::vector<ChargedAccount>> PostgresPaymentMethodStore::LockAccounts(
    const std::vector<Uuid>& account_ids) {
  std::vector<ChargedAccount> accounts(account_ids.size());
  if (account_ids.empty()) return accounts;
  const auto at = [&](const Uuid& id) -> ChargedAccount& {
    const auto found = std::lower_bound(account_ids.begin(), account_ids.end(), id);
    return accounts[static_cast<size_t>(found - account_ids.begin())];
  };
  ASSIGN_OR_RETURN(
      const pg::Rows locked,
      database_.Query("SELECT account_id, last_used_method, deleted_at IS NOT NULL AS deleted FROM "
                      "gateway_accounts WHERE account_id = ANY($1) ORDER BY account_id FOR NO KEY UPDATE",
                      account_ids));
  absl::flat_hash_set<Uuid> seen;
  for (const pg::Row row : locked) {
    const Uuid id = row.Get<Uuid>("account_id");
    seen.insert(id);
    at(id).last_used_method = row.Get<std::optional<Uuid>>("last_used_method");
    at(id).is_deleted = row.Get<bool>("deleted");
  }
  ASSIGN_OR_RETURN(
      const pg::Rows held,
      database_.Query("SELECT account_id, payment_method_id, brand, last_four, expiry_month, expiry_year, "
                      "fingerprint, country_code, funding, created_at, last_used_at FROM payment_methods "
                      "WHERE account_id = ANY($1) AND removed_at IS NULL",
                      account_ids));
  for (const pg::Row row : held) {
    const Uuid id = row.Get<Uuid>("account_id");
    at(id).held.push_back(ReadMethod(id, row));
  }
  // Of one that has no row, only its hash tells whether it was deleted.
  std::vector<pg::Bytes> hashes;
  absl::flat_hash_map<std::string, Uuid> unseen;
  for (const Uuid& id : account_ids) {
    if (seen.contains(id)) continue;
    hashes.push_back({vault_.HashOfAccount(id)});
    unseen[hashes.back().value] = id;
  }
  if (hashes.empty()) return accounts;
  ASSIGN_OR_RETURN(
      const pg::Rows deleted,
      database_.Query("SELECT account_hash FROM deleted_accounts WHERE account_hash = ANY($1::bytea[])",
                      hashes));
  for (const pg::Row row : deleted) at(unseen.at(row.Get<pg::Bytes>("account_hash").value)).is_deleted = true;
  return accounts;
}

absl::StatusOr<GatewayAccount> PostgresPaymentMethodStore::KeepCustomer(const Uuid& account_id,
                                                                        const std::string& customer) {
  GatewayAccount account;
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(database_
                        .Query("INSERT INTO gateway_accounts AS kept (account_id, customer) VALUES ($1, $2) "
                               "ON CONFLICT (account_id) DO UPDATE SET customer = coalesce(kept.customer, "
                               "excluded.customer)",
                               account_id, pg::Bytes{vault_.SealCustomer(account_id, customer)})
                        .status());
    // A customer that came too late for the account's deletion is due to be deleted as well. Asked after the
    // row is ours: a deletion that comes now waits for it.
    RETURN_IF_ERROR(
        database_
            .Query("UPDATE gateway_accounts a SET deleted_at = d.deleted_at, next_removal_at = d.deleted_at "
                   "FROM deleted_accounts d WHERE a.account_id = $1 AND d.account_hash = $2",
                   account_id, pg::Bytes{vault_.HashOfAccount(account_id)})
            .status());
    ASSIGN_OR_RETURN(account, GetAccount(account_id));
    return absl::OkStatus();
  }));
  return account;
}

absl::StatusOr<std::optional<Uuid>> PostgresPaymentMethodStore::LockAccount(const Uuid& account_id) {
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database_.Query("SELECT last_used_method FROM gateway_accounts "
                                   "WHERE account_id = $1 AND deleted_at IS NULL FOR UPDATE",
                                   account_id));
  if (rows.empty()) return Precondition("ACCOUNT_DELETED", "the account was deleted");
  return rows[0].Get<std::optional<Uuid>>("last_used_method");
}

absl::StatusOr<PaymentMethodStore::CardTry> PostgresPaymentMethodStore::CountCardTry(
    const Uuid& account_id, const Uuid& id, absl::Time now, absl::Time since, int most) {
  CardTry counted;
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    counted = {};
    RETURN_IF_ERROR(LockAccount(account_id).status());
    RETURN_IF_ERROR(
        database_.Query("DELETE FROM card_tries WHERE account_id = $1 AND made_at <= $2", account_id, since)
            .status());
    ASSIGN_OR_RETURN(const pg::Rows others,
                     database_.Query("SELECT count(*) AS tries, min(made_at) AS oldest FROM card_tries "
                                     "WHERE account_id = $1 AND id <> $2",
                                     account_id, id));
    if (others[0].Get<int64_t>("tries") >= most) {
      counted.oldest = others[0].Get<std::optional<absl::Time>>("oldest");
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const pg::Rows added,
                     database_.Query("INSERT INTO card_tries (id, account_id, made_at) VALUES ($1, $2, $3) "
                                     "ON CONFLICT (id) DO NOTHING",
                                     id, account_id, now));
    counted.is_new = added.affected() == 1;
    return absl::OkStatus();
  }));
  return counted;
}

absl::Status PostgresPaymentMethodStore::ForgetCardTry(const Uuid& id) {
  return database_.Query("DELETE FROM card_tries WHERE id = $1", id).status();
}

absl::Status PostgresPaymentMethodStore::Hold(const core::PaymentMethod& method, const std::string& token,
                                              absl::Time until) {
  const core::Card& card = method.card;
  return database_.Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(LockAccount(method.account_id).status());
    return database_
        .Query(
            "INSERT INTO payment_methods (payment_method_id, account_id, token, brand, last_four, "
            "expiry_month, expiry_year, fingerprint, country_code, funding, created_at, removed_at, "
            "next_detach_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12)",
            method.id, method.account_id, pg::Bytes{vault_.SealToken(method.id, token)}, ToColumn(card.brand),
            card.last_four, card.expiry_month, card.expiry_year, vault_.Fingerprint(card.fingerprint),
            card.country_code, ToColumn(card.funding), method.created_at, until)
        .status();
  });
}

absl::Status PostgresPaymentMethodStore::Replace(core::PaymentMethod& method,
                                                 const std::optional<Uuid>& last_used,
                                                 std::vector<Uuid>& removed) {
  ASSIGN_OR_RETURN(
      const pg::Rows same,
      database_.Query("SELECT payment_method_id, last_used_at FROM payment_methods "
                      "WHERE account_id = $1 AND fingerprint = $2 AND removed_at IS NULL FOR UPDATE",
                      method.account_id, method.card.fingerprint));
  removed = Ids(same);
  if (!removed.empty()) method.last_used_at = same[0].Get<std::optional<absl::Time>>("last_used_at");
  RETURN_IF_ERROR(Hide(method.account_id, removed, method.created_at));
  RETURN_IF_ERROR(database_
                      .Query("UPDATE payment_methods SET removed_at = NULL, next_detach_at = NULL, "
                             "created_at = $2, last_used_at = $3 WHERE payment_method_id = $1",
                             method.id, method.created_at, method.last_used_at)
                      .status());
  // The same card is still the one that was last used (R16).
  if (!last_used || removed.empty() || *last_used != removed[0]) return absl::OkStatus();
  return database_
      .Query("UPDATE gateway_accounts SET last_used_method = $2 WHERE account_id = $1", method.account_id,
             method.id)
      .status();
}

absl::StatusOr<std::optional<core::PaymentMethod>> PostgresPaymentMethodStore::Add(
    const Uuid& account_id, const Uuid& id, absl::Time until, absl::Time now, const EventsOf& events) {
  std::optional<core::PaymentMethod> added;
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    added.reset();
    ASSIGN_OR_RETURN(const std::optional<Uuid> last_used, LockAccount(account_id));
    // Once the job has had it, the token may be gone at the gateway, whatever it was told.
    ASSIGN_OR_RETURN(
        const pg::Rows held,
        database_.Query("SELECT payment_method_id, brand, last_four, expiry_month, expiry_year, fingerprint, "
                        "country_code, funding, created_at, last_used_at FROM payment_methods "
                        "WHERE payment_method_id = $1 AND account_id = $2 AND next_detach_at = $3 "
                        "AND lease_until IS NULL FOR UPDATE",
                        id, account_id, until));
    if (held.empty()) return absl::OkStatus();
    added = ReadMethod(account_id, held[0]);
    added->created_at = now;
    std::vector<Uuid> removed;
    RETURN_IF_ERROR(Replace(*added, last_used, removed));
    return outbox_.Add(events(removed));
  }));
  return added;
}

absl::StatusOr<core::PaymentMethod> PostgresPaymentMethodStore::Get(const Uuid& account_id, const Uuid& id) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("SELECT payment_method_id, brand, last_four, expiry_month, expiry_year, fingerprint, "
                      "country_code, funding, created_at, last_used_at FROM payment_methods "
                      "WHERE payment_method_id = $1 AND account_id = $2 AND removed_at IS NULL",
                      id, account_id));
  if (!rows.empty()) return ReadMethod(account_id, rows[0]);
  ASSIGN_OR_RETURN(const pg::Rows removed, database_.Query("SELECT removed_at FROM removed_payment_methods "
                                                           "WHERE payment_method_id = $1 AND account_id = $2",
                                                           id, account_id));
  if (!removed.empty()) return Precondition("PAYMENT_METHOD_REMOVED", "the payment method was deleted");
  return NotFound("PAYMENT_METHOD_NOT_FOUND", "there is no such payment method");
}

absl::StatusOr<std::vector<core::PaymentMethod>> PostgresPaymentMethodStore::List(
    const Uuid& account_id, const std::optional<PagePosition>& after, int limit) {
  const PagePosition from = after.value_or(PagePosition{absl::InfiniteFuture(), Uuid()});
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("SELECT payment_method_id, brand, last_four, expiry_month, expiry_year, fingerprint, "
                      "country_code, funding, created_at, last_used_at FROM payment_methods "
                      "WHERE account_id = $1 AND removed_at IS NULL "
                      "AND ($2 OR (created_at, payment_method_id) < ($3, $4)) "
                      "ORDER BY created_at DESC, payment_method_id DESC LIMIT nullif($5, 0)",
                      account_id, !after.has_value(), after ? from.created_at : absl::UnixEpoch(), from.id,
                      limit));
  std::vector<core::PaymentMethod> methods;
  for (const pg::Row row : rows) methods.push_back(ReadMethod(account_id, row));
  return methods;
}

// Hidden from now on; the job takes the tokens off the gateway. A charge that waits for the customer is given
// up at once.
absl::Status PostgresPaymentMethodStore::Hide(const Uuid& account_id, const std::vector<Uuid>& ids,
                                              absl::Time now) {
  RETURN_IF_ERROR(database_
                      .Query("UPDATE payment_methods SET removed_at = $2, next_detach_at = $2 "
                             "WHERE payment_method_id = ANY($1)",
                             ids, now)
                      .status());
  RETURN_IF_ERROR(
      database_
          .Query("INSERT INTO removed_payment_methods (payment_method_id, account_id, removed_at) "
                 "SELECT unnest($1::uuid[]), $2, $3 ON CONFLICT DO NOTHING",
                 ids, account_id, now)
          .status());
  return database_
      .Query(
          "UPDATE charges SET next_ask_at = $2 WHERE payment_method_id = ANY($1) AND state = "
          "'requires_action'",
          ids, now)
      .status();
}

absl::Status PostgresPaymentMethodStore::Remove(const Uuid& account_id, const Uuid& id, absl::Time now,
                                                const std::vector<Event>& events) {
  return database_.Transact([&]() -> absl::Status {
    ASSIGN_OR_RETURN(
        const pg::Rows held,
        database_.Query("SELECT payment_method_id FROM payment_methods "
                        "WHERE payment_method_id = $1 AND account_id = $2 AND removed_at IS NULL "
                        "FOR UPDATE",
                        id, account_id));
    if (held.empty()) return Get(account_id, id).status();
    RETURN_IF_ERROR(Hide(account_id, {id}, now));
    return outbox_.Add(events);
  });
}

absl::Status PostgresPaymentMethodStore::DeleteAccount(const Uuid& account_id, absl::Time now) {
  return database_.Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(
        database_
            .Query("INSERT INTO gateway_accounts AS kept (account_id, deleted_at, next_removal_at) "
                   "VALUES ($1, $2, $2) ON CONFLICT (account_id) DO UPDATE SET "
                   "deleted_at = coalesce(kept.deleted_at, excluded.deleted_at), "
                   "next_removal_at = coalesce(kept.next_removal_at, excluded.next_removal_at)",
                   account_id, now)
            .status());
    RETURN_IF_ERROR(database_
                        .Query("INSERT INTO deleted_accounts (account_hash, deleted_at) VALUES ($1, $2) "
                               "ON CONFLICT DO NOTHING",
                               pg::Bytes{vault_.HashOfAccount(account_id)}, now)
                        .status());
    ASSIGN_OR_RETURN(const pg::Rows held,
                     database_.Query("SELECT payment_method_id FROM payment_methods "
                                     "WHERE account_id = $1 AND removed_at IS NULL FOR UPDATE",
                                     account_id));
    return Hide(account_id, Ids(held), now);
  });
}

absl::StatusOr<std::vector<DetachOrder>> PostgresPaymentMethodStore::ClaimDetachments(absl::Time now,
                                                                                      absl::Time lease_until,
                                                                                      int limit) {
  // Not while a charge may still have to be asked about with the token.
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query(
          "UPDATE payment_methods SET lease_until = $2 WHERE payment_method_id = ANY(ARRAY("
          "SELECT m.payment_method_id FROM payment_methods m WHERE m.removed_at IS NOT NULL "
          "AND m.next_detach_at <= $1 AND (m.lease_until IS NULL OR m.lease_until <= $1) "
          "AND NOT EXISTS (SELECT 1 FROM charges c WHERE c.payment_method_id = m.payment_method_id "
          "AND c.state IN ('pending', 'requires_action', 'unknown')) "
          "ORDER BY m.next_detach_at LIMIT $3 FOR UPDATE SKIP LOCKED)) "
          "RETURNING payment_method_id, token",
          now, lease_until, limit));
  std::vector<DetachOrder> orders;
  for (const pg::Row row : rows) {
    const Uuid id = row.Get<Uuid>("payment_method_id");
    absl::StatusOr<std::string> token = vault_.OpenToken(id, row.Get<pg::Bytes>("token").value);
    // The vault has logged it. The others need not wait for the operator.
    if (token.ok())
      orders.push_back({id, *std::move(token)});
    else
      RETURN_IF_ERROR(TryDetachAgain(id, now + kRest));
  }
  return orders;
}

absl::Status PostgresPaymentMethodStore::Forget(const Uuid& payment_method_id) {
  return database_
      .Query("DELETE FROM payment_methods WHERE payment_method_id = $1 AND removed_at IS NOT NULL",
             payment_method_id)
      .status();
}

absl::Status PostgresPaymentMethodStore::TryDetachAgain(const Uuid& payment_method_id, absl::Time at) {
  return database_
      .Query(
          "UPDATE payment_methods SET next_detach_at = $2, lease_until = NULL WHERE payment_method_id = $1",
          payment_method_id, at)
      .status();
}

absl::StatusOr<std::vector<PaymentMethodStore::CustomerRemoval>> PostgresPaymentMethodStore::ClaimCustomers(
    absl::Time now, absl::Time lease_until, int limit) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query(
          "UPDATE gateway_accounts SET lease_until = $2 WHERE account_id = ANY(ARRAY("
          "SELECT a.account_id FROM gateway_accounts a WHERE a.next_removal_at <= $1 "
          "AND (a.lease_until IS NULL OR a.lease_until <= $1) "
          "AND NOT EXISTS (SELECT 1 FROM payment_methods m WHERE m.account_id = a.account_id) "
          "AND NOT EXISTS (SELECT 1 FROM charges c WHERE c.account_id = a.account_id AND c.next_ask_at IS "
          "NOT NULL) "
          "ORDER BY a.next_removal_at LIMIT $3 FOR UPDATE SKIP LOCKED)) RETURNING account_id, customer",
          now, lease_until, limit));
  std::vector<CustomerRemoval> removals;
  for (const pg::Row row : rows) {
    CustomerRemoval removal{row.Get<Uuid>("account_id"), ""};
    if (const auto sealed = row.Get<std::optional<pg::Bytes>>("customer")) {
      absl::StatusOr<std::string> customer = vault_.OpenCustomer(removal.account_id, sealed->value);
      if (!customer.ok()) {
        RETURN_IF_ERROR(TryCustomerAgain(removal.account_id, now + kRest));
        continue;
      }
      removal.customer = *std::move(customer);
    }
    removals.push_back(std::move(removal));
  }
  return removals;
}

absl::Status PostgresPaymentMethodStore::ForgetAccount(const Uuid& account_id, const Uuid& pseudonym) {
  return database_.Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(
        database_
            .Query("DELETE FROM gateway_accounts WHERE account_id = $1 AND deleted_at IS NOT NULL",
                   account_id)
            .status());
    RETURN_IF_ERROR(
        database_.Query("DELETE FROM removed_payment_methods WHERE account_id = $1", account_id).status());
    return database_
        .Query(
            "UPDATE charges SET account_id = $2, is_pseudonymous = true, description = '', "
            "payment_description = '', card_fingerprint = '', action_url = '' WHERE account_id = $1",
            account_id, pseudonym)
        .status();
  });
}

absl::Status PostgresPaymentMethodStore::TryCustomerAgain(const Uuid& account_id, absl::Time at) {
  return database_
      .Query("UPDATE gateway_accounts SET next_removal_at = $2, lease_until = NULL WHERE account_id = $1",
             account_id, at)
      .status();
}

}  // namespace perennial::payment_token
