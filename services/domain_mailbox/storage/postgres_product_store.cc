#include "services/domain_mailbox/storage/postgres_product_store.h"

#include "absl/strings/str_cat.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/keyed_hash.h"
#include "services/domain_mailbox/storage/columns.h"

namespace perennial::domain_mailbox {
namespace {

using core::Change;
using core::Situation;

#define DOMAIN_COLUMNS                                                                                   \
  "id, account_id, name, state, registry_expiry, paid_through, time_zone, redemption_since, upkeep_at, " \
  "missing_since, upkeep_failures, created_at, updated_at, version"
#define MAILBOX_COLUMNS                                                                                 \
  "id, account_id, domain_id, domain_name, local_part, state, quota_mib, password_hash, paid_through, " \
  "time_zone, purge_at, upkeep_at, upkeep_failures, created_at, updated_at, version"
#define DELIVERY_COLUMNS                                                                                    \
  "order_id, product_id, account_id, kind, domain_name, years, expected_paid_through, restore, domain_id, " \
  "local_part, quota_mib, paid_through, time_zone, state, rejection, pending_reference, attempt_count, "    \
  "next_attempt_at, created_at, updated_at"

template <typename T>
using Read = T (*)(const pg::Row&);

template <typename T>
std::optional<T> First(const pg::Rows& rows, Read<T> read) {
  return rows.empty() ? std::nullopt : std::optional<T>(read(rows[0]));
}

template <typename T>
std::vector<T> All(const pg::Rows& rows, Read<T> read) {
  std::vector<T> all;
  for (const pg::Row row : rows) all.push_back(read(row));
  return all;
}

// What is locked though it may not exist yet: the product, and the name or address wanted.
std::vector<std::string> LocksOf(const SituationKey& key) {
  std::vector<std::string> locks = {absl::StrCat("product/", key.product_id.ToString())};
  if (!key.domain_name.empty()) locks.push_back(absl::StrCat("name/", key.domain_name));
  if (key.domain_id)
    locks.push_back(absl::StrCat("address/", key.local_part, "@", key.domain_id->ToString()));
  return locks;
}

}  // namespace

pg::Bytes PostgresProductStore::HashOf(const Uuid& account_id) const {
  return {crypto::KeyedHash(secret_key_, absl::StrCat("deleted_account/", account_id.ToString()))};
}

absl::Status PostgresProductStore::Update(const SituationKey& key, Decide decide) {
  return database_.Transact([&]() -> absl::Status {
    for (const std::string& lock : LocksOf(key)) {
      RETURN_IF_ERROR(
          database_.Query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", lock).status());
    }
    ASSIGN_OR_RETURN(const Situation situation, ReadSituation(key));
    ASSIGN_OR_RETURN(const Change change, decide(situation));
    return Write(change);
  });
}

absl::StatusOr<Situation> PostgresProductStore::ReadSituation(const SituationKey& key) {
  Situation situation;
  ASSIGN_OR_RETURN(
      const pg::Rows mailboxes,
      database_.Query("SELECT " MAILBOX_COLUMNS " FROM mailbox WHERE id = $1 FOR UPDATE", key.product_id));
  situation.mailbox = First(mailboxes, ToMailbox);
  const Uuid domain_id = key.domain_id       ? *key.domain_id
                         : situation.mailbox ? situation.mailbox->domain_id
                                             : key.product_id;
  // A mailbox only wants its domain not to change beside it.
  ASSIGN_OR_RETURN(
      const pg::Rows domains,
      domain_id == key.product_id
          ? database_.Query("SELECT " DOMAIN_COLUMNS " FROM domain WHERE id = $1 FOR UPDATE", domain_id)
          : database_.Query("SELECT " DOMAIN_COLUMNS " FROM domain WHERE id = $1 FOR SHARE", domain_id));
  situation.domain = First(domains, ToDomain);
  if (key.order_id) {
    ASSIGN_OR_RETURN(const pg::Rows deliveries,
                     database_.Query("SELECT " DELIVERY_COLUMNS
                                     " FROM delivery WHERE order_id = $1 AND product_id = $2 FOR UPDATE",
                                     *key.order_id, key.product_id));
    situation.delivery = First(deliveries, ToDelivery);
  }
  ASSIGN_OR_RETURN(
      const pg::Rows renewals,
      database_.Query("SELECT max(paid_through) AS paid_through FROM delivery WHERE product_id = $1 "
                      "AND next_attempt_at IS NOT NULL AND kind IN ('renew_domain', 'renew_mailbox') "
                      "AND order_id IS DISTINCT FROM $2::uuid",
                      key.product_id, key.order_id));
  situation.renewal_under_way = renewals[0].Get<std::optional<CivilDate>>("paid_through");
  if (!key.domain_name.empty()) {
    ASSIGN_OR_RETURN(situation.name_taken, HasDomain(key.domain_name));
  } else if (key.domain_id) {
    ASSIGN_OR_RETURN(situation.name_taken, HasMailbox(*key.domain_id, key.local_part));
  }
  const std::optional<Uuid> account = key.account_id      ? key.account_id
                                      : situation.mailbox ? std::optional(situation.mailbox->account_id)
                                      : situation.domain  ? std::optional(situation.domain->account_id)
                                                          : std::nullopt;
  if (!account) return situation;
  ASSIGN_OR_RETURN(
      const pg::Rows deleted,
      database_.Query("SELECT 1 FROM deleted_account WHERE account_hash = $1", HashOf(*account)));
  situation.account_deleted = !deleted.empty();
  return situation;
}

absl::Status PostgresProductStore::Write(const Change& change) {
  if (change.erase) return Erase(change);
  if (change.delivery) RETURN_IF_ERROR(WriteDelivery(*change.delivery));
  if (change.domain) RETURN_IF_ERROR(WriteDomain(*change.domain));
  if (change.mailbox) RETURN_IF_ERROR(WriteMailbox(*change.mailbox));
  if (change.retire_mailboxes) {
    // Without the name no mail reaches them. Kept as long as one that the customer ended.
    const absl::Time now = change.domain->updated_at;
    RETURN_IF_ERROR(database_
                        .Query("UPDATE mailbox SET state = 'deleted', purge_at = $2, upkeep_at = $3, "
                               "updated_at = $3, version = version + 1 "
                               "WHERE domain_id = $1 AND state <> 'deleted'",
                               change.domain->id, now + core::kKeepDeletedMail, now)
                        .status());
  }
  return change.events.empty() ? absl::OkStatus() : outbox_.Add(change.events);
}

absl::Status PostgresProductStore::Erase(const Change& change) {
  if (change.mailbox)
    return database_.Query("DELETE FROM mailbox WHERE id = $1", change.mailbox->id).status();
  return database_.Query("DELETE FROM domain WHERE id = $1", change.domain->id).status();
}

absl::Status PostgresProductStore::WriteDelivery(const core::Delivery& delivery) {
  const core::Task& task = delivery.task;
  const auto* registration = std::get_if<core::RegisterDomain>(&task.what);
  const auto* renewal = std::get_if<core::RenewDomain>(&task.what);
  const auto* mailbox = std::get_if<core::CreateMailbox>(&task.what);
  const std::optional<int> years = registration ? std::optional(registration->years)
                                   : renewal    ? std::optional(renewal->years)
                                                : std::nullopt;
  return database_
      .Query("INSERT INTO delivery (" DELIVERY_COLUMNS
             ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, "
             "$19, $20) "
             "ON CONFLICT (order_id, product_id) DO UPDATE SET state = excluded.state, "
             "rejection = excluded.rejection, pending_reference = excluded.pending_reference, "
             "attempt_count = excluded.attempt_count, next_attempt_at = excluded.next_attempt_at, "
             "updated_at = excluded.updated_at",
             delivery.order_id, delivery.product_id, delivery.account_id, KindOf(task),
             registration ? std::optional(registration->domain_name) : std::nullopt, years,
             renewal ? std::optional(renewal->expected_paid_through) : std::nullopt,
             renewal ? std::optional(renewal->restore) : std::nullopt,
             mailbox ? std::optional(mailbox->domain_id) : std::nullopt,
             mailbox ? std::optional(mailbox->local_part) : std::nullopt,
             mailbox ? std::optional(mailbox->quota_mib) : std::nullopt, task.paid_through, task.time_zone,
             ToText(delivery.state),
             delivery.rejection ? std::optional(ToText(*delivery.rejection)) : std::nullopt,
             delivery.pending_reference, delivery.attempt_count, delivery.next_attempt_at,
             delivery.created_at, delivery.updated_at)
      .status();
}

absl::Status PostgresProductStore::WriteDomain(const core::Domain& domain) {
  return database_
      .Query("INSERT INTO domain (" DOMAIN_COLUMNS
             ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1) "
             "ON CONFLICT (id) DO UPDATE SET state = excluded.state, registry_expiry = "
             "excluded.registry_expiry, "
             "paid_through = excluded.paid_through, time_zone = excluded.time_zone, "
             "redemption_since = excluded.redemption_since, upkeep_at = excluded.upkeep_at, "
             "missing_since = excluded.missing_since, upkeep_failures = excluded.upkeep_failures, "
             "updated_at = excluded.updated_at, version = domain.version + 1",
             domain.id, domain.account_id, domain.name, ToText(domain.state), domain.registry_expiry,
             domain.paid_through, domain.time_zone, domain.redemption_since, domain.upkeep_at,
             domain.missing_since, domain.upkeep_failures, domain.created_at, domain.updated_at)
      .status();
}

absl::Status PostgresProductStore::WriteMailbox(const core::Mailbox& mailbox) {
  return database_
      .Query("INSERT INTO mailbox (" MAILBOX_COLUMNS
             ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 1) "
             "ON CONFLICT (id) DO UPDATE SET state = excluded.state, password_hash = excluded.password_hash, "
             "paid_through = excluded.paid_through, time_zone = excluded.time_zone, "
             "purge_at = excluded.purge_at, upkeep_at = excluded.upkeep_at, "
             "upkeep_failures = excluded.upkeep_failures, updated_at = excluded.updated_at, "
             "version = mailbox.version + 1",
             mailbox.id, mailbox.account_id, mailbox.domain_id, mailbox.domain_name, mailbox.local_part,
             ToText(mailbox.state), mailbox.quota_mib, mailbox.password_hash, mailbox.paid_through,
             mailbox.time_zone, mailbox.purge_at, mailbox.upkeep_at, mailbox.upkeep_failures,
             mailbox.created_at, mailbox.updated_at)
      .status();
}

absl::StatusOr<std::optional<core::Delivery>> PostgresProductStore::FindDelivery(const Uuid& order_id,
                                                                                 const Uuid& product_id) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("SELECT " DELIVERY_COLUMNS " FROM delivery WHERE order_id = $1 AND product_id = $2",
                      order_id, product_id));
  return First(rows, ToDelivery);
}

absl::StatusOr<std::optional<core::Domain>> PostgresProductStore::FindDomain(const Uuid& id) {
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database_.Query("SELECT " DOMAIN_COLUMNS " FROM domain WHERE id = $1", id));
  return First(rows, ToDomain);
}

absl::StatusOr<std::optional<core::Mailbox>> PostgresProductStore::FindMailbox(const Uuid& id) {
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database_.Query("SELECT " MAILBOX_COLUMNS " FROM mailbox WHERE id = $1", id));
  return First(rows, ToMailbox);
}

absl::StatusOr<bool> PostgresProductStore::HasDomain(absl::string_view name) {
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database_.Query("SELECT 1 FROM domain WHERE name = $1 AND state <> 'deleted'", name));
  return !rows.empty();
}

absl::StatusOr<bool> PostgresProductStore::HasMailbox(const Uuid& domain_id, absl::string_view local_part) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("SELECT 1 FROM mailbox WHERE domain_id = $1 AND local_part = $2 AND state <> 'deleted'",
                      domain_id, local_part));
  return !rows.empty();
}

absl::StatusOr<std::vector<core::Domain>> PostgresProductStore::ListDomains(const Uuid& account_id,
                                                                            absl::string_view after,
                                                                            int limit) {
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database_.Query("SELECT " DOMAIN_COLUMNS
                                   " FROM domain WHERE account_id = $1 AND name > $2 AND state <> 'deleted' "
                                   "ORDER BY name LIMIT $3",
                                   account_id, after, limit));
  return All(rows, ToDomain);
}

absl::StatusOr<std::vector<core::Mailbox>> PostgresProductStore::ListMailboxes(const Uuid& account_id,
                                                                               absl::string_view after,
                                                                               int limit) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("SELECT " MAILBOX_COLUMNS
                      " FROM mailbox WHERE account_id = $1 AND local_part || '@' || domain_name > $2 "
                      "AND state <> 'deleted' ORDER BY local_part || '@' || domain_name LIMIT $3",
                      account_id, after, limit));
  return All(rows, ToMailbox);
}

absl::StatusOr<ProductStore::Holdings> PostgresProductStore::ReadHoldings(const Uuid& account_id) {
  Holdings holdings;
  ASSIGN_OR_RETURN(
      const pg::Rows domains,
      database_.Query("SELECT " DOMAIN_COLUMNS " FROM domain WHERE account_id = $1 ORDER BY created_at, id",
                      account_id));
  ASSIGN_OR_RETURN(
      const pg::Rows mailboxes,
      database_.Query("SELECT " MAILBOX_COLUMNS " FROM mailbox WHERE account_id = $1 ORDER BY created_at, id",
                      account_id));
  ASSIGN_OR_RETURN(const pg::Rows deliveries,
                   database_.Query("SELECT " DELIVERY_COLUMNS
                                   " FROM delivery WHERE account_id = $1 ORDER BY created_at, order_id",
                                   account_id));
  holdings.domains = All(domains, ToDomain);
  holdings.mailboxes = All(mailboxes, ToMailbox);
  holdings.deliveries = All(deliveries, ToDelivery);
  return holdings;
}

absl::Status PostgresProductStore::DeleteAccount(const Uuid& account_id, absl::Time now) {
  return database_.Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(database_
                        .Query("INSERT INTO deleted_account (account_hash, deleted_at) VALUES ($1, $2) ON "
                               "CONFLICT DO NOTHING",
                               HashOf(account_id), now)
                        .status());
    RETURN_IF_ERROR(database_
                        .Query("UPDATE mailbox SET state = 'deleted', purge_at = $2, upkeep_at = $2, "
                               "updated_at = $2, password_hash = NULL, version = version + 1 "
                               "WHERE account_id = $1",
                               account_id, now)
                        .status());
    RETURN_IF_ERROR(database_
                        .Query("UPDATE domain SET state = 'deleted', upkeep_at = $2, updated_at = $2, "
                               "version = version + 1 WHERE account_id = $1",
                               account_id, now)
                        .status());
    return database_.Query("DELETE FROM delivery WHERE account_id = $1", account_id).status();
  });
}

}  // namespace perennial::domain_mailbox
