#include "services/billing/storage/postgres_billing_profile_store.h"

#include <cstdlib>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "libs/base/status_macros.h"
#include "services/billing/core/tax.h"
#include "services/billing/storage/accounts.h"
#include "services/billing/storage/document_json.h"

#define PROFILES_WHERE(condition)                                                                      \
  "SELECT account_id, customer_type, recipient_name, company, address, postal_code, city, region, "    \
  "country_code, tax_id, tax_id_state, tax_id_check_time, tax_id_consultation, tax_id_next_check_at, " \
  "email, version, tax_revision, updated_at FROM billing_profile WHERE " condition

namespace perennial::billing {
namespace {

using core::BillingProfile;
using core::CustomerType;

std::string ToText(CustomerType type) {
  switch (type) {
    case CustomerType::kUnspecified:
      return "unspecified";
    case CustomerType::kConsumer:
      return "consumer";
    case CustomerType::kCompany:
      return "company";
  }
  std::abort();
}

CustomerType CustomerTypeFromText(const std::string& text) {
  for (auto type : {CustomerType::kUnspecified, CustomerType::kConsumer, CustomerType::kCompany}) {
    if (ToText(type) == text) return type;
  }
  std::abort();
}

BillingProfile ReadProfile(const pg::Row& row) {
  BillingProfile profile;
  profile.customer_type = CustomerTypeFromText(row.Get<std::string>("customer_type"));
  profile.party.name = row.Get<std::string>("recipient_name");
  profile.party.company = row.Get<std::string>("company");
  profile.party.address_lines = absl::StrSplit(row.Get<std::string>("address"), '\n', absl::SkipEmpty());
  profile.party.postal_code = row.Get<std::string>("postal_code");
  profile.party.city = row.Get<std::string>("city");
  profile.party.region = row.Get<std::string>("region");
  profile.party.country_code = row.Get<std::string>("country_code");
  profile.party.tax_id = row.Get<std::string>("tax_id");
  profile.party.tax_id_check.state = TaxIdStateFromText(row.Get<std::string>("tax_id_state"));
  profile.party.tax_id_check.time = row.Get<std::optional<absl::Time>>("tax_id_check_time");
  profile.party.tax_id_check.consultation = row.Get<std::string>("tax_id_consultation");
  profile.tax_id_next_check = row.Get<std::optional<absl::Time>>("tax_id_next_check_at");
  profile.email = row.Get<std::string>("email");
  profile.version = row.Get<int64_t>("version");
  profile.tax_revision = row.Get<int64_t>("tax_revision");
  profile.updated_at = row.Get<absl::Time>("updated_at");
  return profile;
}

}  // namespace

// Not by GetAll: what asks for a list is planned anew each time, which costs Postgres more than to run it.
absl::StatusOr<BillingProfile> PostgresBillingProfileStore::Get(const Uuid& account_id) {
  ASSIGN_OR_RETURN(const pg::Rows rows, database_.Query(PROFILES_WHERE("account_id = $1"), account_id));
  return rows.empty() ? BillingProfile() : ReadProfile(rows[0]);
}

absl::StatusOr<std::map<Uuid, BillingProfile>> PostgresBillingProfileStore::GetAll(
    const std::vector<Uuid>& account_ids) {
  ASSIGN_OR_RETURN(const pg::Rows rows, database_.Query(PROFILES_WHERE("account_id = ANY($1)"), account_ids));
  std::map<Uuid, BillingProfile> profiles;
  for (const pg::Row row : rows) profiles.emplace(row.Get<Uuid>("account_id"), ReadProfile(row));
  return profiles;
}

absl::StatusOr<BillingProfile> PostgresBillingProfileStore::Update(
    const Uuid& account_id, absl::FunctionRef<absl::StatusOr<BillingProfile>(const BillingProfile&)> decide) {
  BillingProfile changed;
  RETURN_IF_ERROR(database_.Transact([&]() -> absl::Status {
    ASSIGN_OR_RETURN(const BillingProfile current, LockAndGet(account_id));
    ASSIGN_OR_RETURN(changed, decide(current));
    changed.version = current.version + 1;
    return Write(account_id, current, changed, changed.updated_at.value());
  }));
  return changed;
}

// Locks the account, and tells its profile unless it was deleted, in one round trip: others wait meanwhile.
absl::StatusOr<BillingProfile> PostgresBillingProfileStore::LockAndGet(const Uuid& account_id) {
  RETURN_IF_ERROR(LockAccount(database_, account_id));
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query(
          "SELECT deleted_account.trace AS trace, customer_type, recipient_name, company, address, "
          "postal_code, city, region, country_code, tax_id, tax_id_state, tax_id_check_time, "
          "tax_id_consultation, tax_id_next_check_at, email, version, tax_revision, updated_at "
          "FROM (SELECT $1::uuid AS account_id) AS asked LEFT JOIN billing_profile USING (account_id) "
          "LEFT JOIN deleted_account ON deleted_account.trace = $2",
          account_id, TraceOf(secret_key_, account_id)));
  if (rows[0].Get<std::optional<Uuid>>("trace")) return AccountDeleted();
  return rows[0].Get<std::optional<int64_t>>("version") ? ReadProfile(rows[0]) : BillingProfile();
}

absl::Status PostgresBillingProfileStore::Write(const Uuid& account_id, const BillingProfile& before,
                                                BillingProfile& after, absl::Time now) {
  const bool is_new_tax = !core::AreTaxedAlike(before, after);
  if (is_new_tax) {
    ++after.tax_revision;
    RETURN_IF_ERROR(outbox_.Add({core::TaxChangedEvent(account_id, after, now)}));
  }
  const core::Party& party = after.party;
  return database_.Execute(
      "INSERT INTO billing_profile (account_id, customer_type, recipient_name, company, address, "
      "postal_code, city, region, country_code, tax_id, email, version, updated_at, tax_id_state, "
      "tax_id_check_time, tax_id_consultation, tax_id_next_check_at, tax_revision) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) "
      "ON CONFLICT (account_id) DO UPDATE SET customer_type = excluded.customer_type, "
      "recipient_name = excluded.recipient_name, company = excluded.company, address = excluded.address, "
      "postal_code = excluded.postal_code, city = excluded.city, region = excluded.region, "
      "country_code = excluded.country_code, tax_id = excluded.tax_id, email = excluded.email, "
      "version = excluded.version, updated_at = excluded.updated_at, "
      "tax_id_state = excluded.tax_id_state, tax_id_check_time = excluded.tax_id_check_time, "
      "tax_id_consultation = excluded.tax_id_consultation, "
      "tax_id_next_check_at = excluded.tax_id_next_check_at, tax_revision = excluded.tax_revision",
      account_id, ToText(after.customer_type), party.name, party.company,
      absl::StrJoin(party.address_lines, "\n"), party.postal_code, party.city, party.region,
      party.country_code, party.tax_id, after.email, after.version, after.updated_at,
      billing::ToText(party.tax_id_check.state), party.tax_id_check.time, party.tax_id_check.consultation,
      after.tax_id_next_check, after.tax_revision);
}

absl::StatusOr<std::vector<Uuid>> PostgresBillingProfileStore::ClaimTaxIdChecks(absl::Time now,
                                                                                absl::Time lease_until,
                                                                                int limit) {
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query("UPDATE billing_profile SET tax_id_next_check_at = $2 WHERE account_id IN "
                      "(SELECT account_id FROM billing_profile WHERE tax_id_next_check_at <= $1 "
                      "ORDER BY tax_id_next_check_at LIMIT $3 FOR UPDATE SKIP LOCKED) RETURNING account_id",
                      now, lease_until, limit));
  std::vector<Uuid> claimed;
  for (const pg::Row row : rows) claimed.push_back(row.Get<Uuid>("account_id"));
  return claimed;
}

absl::Status PostgresBillingProfileStore::RecordTaxIdCheck(const Uuid& account_id,
                                                           const BillingProfile& profile, absl::Time now) {
  return database_.Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(LockAccount(database_, account_id));
    ASSIGN_OR_RETURN(const pg::Rows rows, database_.Query(PROFILES_WHERE("account_id = $1 AND tax_id = $2"),
                                                          account_id, profile.party.tax_id));
    if (rows.empty()) return absl::OkStatus();
    const BillingProfile current = ReadProfile(rows[0]);
    BillingProfile checked = current;
    checked.party.tax_id_check = profile.party.tax_id_check;
    checked.tax_id_next_check = profile.tax_id_next_check;
    return Write(account_id, current, checked, now);
  });
}

absl::Status PostgresBillingProfileStore::ForgetAccount(const Uuid& account_id, absl::Time now) {
  return database_.Transact([&]() -> absl::Status {
    RETURN_IF_ERROR(LockAccount(database_, account_id));
    RETURN_IF_ERROR(MarkAccountDeleted(database_, secret_key_, account_id, now));
    RETURN_IF_ERROR(
        database_.Query("DELETE FROM billing_profile WHERE account_id = $1", account_id).status());
    // An order that is still under way keeps its pro-forma until it ends: what is paid must be invoiced.
    RETURN_IF_ERROR(database_
                        .Query("UPDATE pro_forma SET lines = '{\"lines\":[],\"tax_lines\":[]}' "
                               "WHERE state <> 'open' AND account_pseudonym = "
                               "(SELECT pseudonym FROM account_pseudonym WHERE account_id = $1)",
                               account_id)
                        .status());
    return database_.Query("DELETE FROM account_pseudonym WHERE account_id = $1", account_id).status();
  });
}

}  // namespace perennial::billing
