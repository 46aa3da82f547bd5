#include "absl/strings/str_replace.h"
#include "tests/services/billing/support.h"

// What the database refuses whatever the program does (R26, R27).
namespace perennial::billing {
namespace {

constexpr char kRestricted[] = "23001";  // restrict_violation: our triggers
constexpr char kCheck[] = "23514";
constexpr char kForeignKey[] = "23503";
constexpr char kUnique[] = "23505";
constexpr char kNoPrivilege[] = "42501";

// The SQLSTATE that a statement ends with; empty if it works. On a connection of its own, as the service's
// role or as the tables' owner.
std::string OutcomeOf(const std::string& url, const std::string& sql) {
  pqxx::connection connection(url);
  pqxx::nontransaction session(connection);
  try {
    session.exec(sql);
    return "";
  } catch (const pqxx::insufficient_privilege&) {
    return kNoPrivilege;  // this libpqxx leaves its SQLSTATE out
  } catch (const pqxx::sql_error& error) {
    return error.sqlstate();
  }
}

// The role must be there before the migrations, which give it its rights.
std::string ServerUrl() {
  return std::getenv("PERENNIAL_TEST_DATABASE_URL");
}

void MakeServiceRole() {
  const std::string outcome = OutcomeOf(ServerUrl(), "CREATE ROLE billing LOGIN");
  REQUIRE((outcome.empty() || outcome == "42710"));  // it exists
  // As deploy/roles.sql has it: new tables are the service's to change, unless the migration takes that away.
  REQUIRE(OutcomeOf(ServerUrl(),
                    "ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO billing") ==
          "");
}

std::string AsServiceRole(const std::string& url) {
  return absl::StrReplaceAll(url, {{"//postgres@", "//billing@"}});
}

std::string InsertInvoice(int64_t number, const std::string& series, const std::string& sums,
                          const std::string& kind = "invoice") {
  return absl::StrCat(
      "INSERT INTO invoice (id, kind, account_pseudonym, series, sequence_number, issue_time, ",
      "order_id, charge_id, currency, net_minor, tax_minor, total_minor, content) VALUES ",
      "(gen_random_uuid(), '", kind, "', gen_random_uuid(), '", series, "', ", number,
      ", now(), gen_random_uuid(), gen_random_uuid(), 'EUR', ", sums, ", '{}')");
}

std::string InsertEntry(const std::string& accounts, const std::string& amounts) {
  return absl::StrCat(
      "INSERT INTO journal_entry (id, kind, post_time, document_id, currency, accounts, amounts_minor) ",
      "SELECT gen_random_uuid(), 'invoice', now(), id, 'EUR', '", accounts, "', '", amounts,
      "' FROM invoice WHERE series = 'BARE'");
}

}  // namespace

TEST_CASE("Nobody changes what was issued or posted: not the service's role, not the tables' owner") {
  MakeServiceRole();
  BillingFixture billing;
  billing.Invoice(billing.ids.Next());
  const std::string owner = billing.postgres.url();
  const std::string service = AsServiceRole(owner);
  REQUIRE(service != owner);
  for (const std::string table : {"invoice", "journal_entry"}) {
    std::vector<std::string> changes = {
        absl::StrCat("UPDATE ", table, " SET currency = 'USD'"), absl::StrCat("DELETE FROM ", table),
        absl::StrCat("DELETE FROM ", table, " WHERE false"), absl::StrCat("TRUNCATE ", table, " CASCADE")};
    if (table == "invoice") {
      for (const char* column : {"net_minor = 0", "hash = '\\x00'", "previous_hash = '\\x00'"}) {
        changes.push_back(absl::StrCat("UPDATE invoice SET ", column));
      }
    }
    for (const std::string& sql : changes) {
      INFO(sql);
      CHECK(OutcomeOf(owner, sql) == kRestricted);
      CHECK(OutcomeOf(owner, "SET session_replication_role = replica; " + sql) == kRestricted);
      CHECK(OutcomeOf(service, sql) == kNoPrivilege);
    }
    CHECK(OutcomeOf(service, absl::StrCat("ALTER TABLE ", table, " DISABLE TRIGGER ALL")) == kNoPrivilege);
    CHECK(OutcomeOf(service, absl::StrCat("DROP TABLE ", table, " CASCADE")) == kNoPrivilege);
    CHECK(OutcomeOf(service, "DROP FUNCTION chain_invoice() CASCADE") == kNoPrivilege);
    CHECK(OutcomeOf(service,
                    "CREATE OR REPLACE FUNCTION invoice_canonical_form(i invoice) RETURNS text "
                    "LANGUAGE sql AS $$ SELECT '' $$") == kNoPrivilege);
    CHECK(OutcomeOf(service, absl::StrCat("SELECT id FROM ", table, " FOR UPDATE")) == kNoPrivilege);
  }
  const std::string upsert = absl::StrCat(InsertInvoice(2, "INV-FR-2027", "100, 20, 120"),
                                          " ON CONFLICT (id) DO UPDATE SET net_minor = 0");
  CHECK(OutcomeOf(owner, upsert) == kRestricted);
  CHECK(OutcomeOf(service, upsert) == kNoPrivilege);
  CHECK(billing.Count("SELECT count(*) FROM invoice WHERE net_minor = 10000") == 1);
  CHECK(billing.Count("SELECT count(*) FROM journal_entry WHERE currency = 'EUR'") == 2);
}

TEST_CASE("The service's role has all the rights that the service needs") {
  MakeServiceRole();
  BillingFixture billing;
  telemetry::Metrics metrics;
  pg::Database database(AsServiceRole(billing.postgres.url()), 2, metrics);
  events::Outbox outbox(database);
  PostgresInvoiceStore invoices(database, outbox, billing.secret_key);
  PostgresBillingProfileStore profile_store(database, outbox, billing.secret_key);
  PostgresLedgerStore ledger(database);
  BillingProfiles profiles(profile_store, billing.registry, billing.clock);
  Invoicing invoicing(invoices, profile_store, billing.clock, billing.ids,
                      core::Seller{{"S", "", {}, "", "", "", "FR", ""}, {}, Taxes()},
                      [](const core::Document&) {});
  const Uuid account = billing.ids.Next();
  ProfileChange change;
  change.fields = {"city", "country_code"};
  change.values.party.city = "Paris";
  change.values.party.country_code = "FR";
  REQUIRE_OK(profiles.Update(CustomerOf(account), account, change));
  const NewProForma order = billing.OrderOf(account);
  REQUIRE_OK(invoicing.CreateProForma(order));
  const auto invoice = invoicing.IssueInvoice(order.order, {billing.ids.Next(), ""});
  REQUIRE_OK(invoice);
  REQUIRE_OK(invoicing.CreateCreditNote(billing.CreditFor(*invoice, 100)));
  const NewProForma cancelled = billing.OrderOf(account);
  REQUIRE_OK(invoicing.CreateProForma(cancelled));
  REQUIRE_OK(invoicing.CancelProForma(cancelled.order));
  REQUIRE_OK(invoices.List(account, std::nullopt, std::nullopt, 10));
  REQUIRE_OK(ledger.TrialBalance(billing.clock.Now()));
  REQUIRE_OK(ledger.ListEntries(std::nullopt, 10));
  REQUIRE_OK(ledger.ListDocuments(std::nullopt, 10));
  PostgresRecognitionStore recognition_store(database, billing.ids);
  Recognition recognition(recognition_store, billing.clock, [](const Money&) {});
  REQUIRE(*recognition.RunOnce() == 1);
  billing.clock.Advance(absl::Hours(48));
  while (*recognition.RunOnce() > 0) {
  }
  REQUIRE_OK(invoicing.CreateCreditNote(billing.CreditFor(*invoice, std::nullopt)));
  CHECK(OutcomeOf(AsServiceRole(billing.postgres.url()), "DELETE FROM recognition_line") == kNoPrivilege);
  CHECK(OutcomeOf(AsServiceRole(billing.postgres.url()), "UPDATE recognition_line SET net_minor = 1") ==
        kNoPrivilege);
  REQUIRE_OK(profiles.RunOnce());
  REQUIRE_OK(profiles.Forget(account));
  for (const char* sql : {"DELETE FROM request_log", "DELETE FROM outbox", "DELETE FROM inbox",
                          "INSERT INTO inbox_position (stream, position) VALUES ('s', '0')",
                          "UPDATE inbox_position SET position = '1'"}) {
    INFO(sql);
    CHECK(OutcomeOf(AsServiceRole(billing.postgres.url()), sql) == "");
  }
}

TEST_CASE("A number without its predecessor, twice, or with wrong sums is refused by the database") {
  BillingFixture billing;
  const std::string owner = billing.postgres.url();
  CHECK(OutcomeOf(owner, InsertInvoice(2, "BARE", "100, 20, 120")) == kForeignKey);
  CHECK(OutcomeOf(owner, InsertInvoice(1, "BARE", "100, 20, 121")) == kCheck);
  CHECK(OutcomeOf(owner, InsertInvoice(0, "BARE", "100, 20, 120")) == kCheck);
  CHECK(OutcomeOf(owner, InsertInvoice(1, "BARE", "100, 20, 120", "credit_note")) == kCheck);
  CHECK(OutcomeOf(owner, InsertInvoice(1, "BARE", "100, 20, 120")) == "");
  CHECK(OutcomeOf(owner, InsertInvoice(1, "BARE", "100, 20, 120")) == kUnique);
  CHECK(OutcomeOf(owner, InsertInvoice(3, "BARE", "100, 20, 120")) == kForeignKey);
  CHECK(OutcomeOf(owner, InsertInvoice(2, "BARE", "100, 20, 120")) == "");
}

TEST_CASE("An entry that does not balance, has one side or an unknown account is refused by the database") {
  BillingFixture billing;
  const std::string owner = billing.postgres.url();
  REQUIRE(OutcomeOf(owner, InsertInvoice(1, "BARE", "100, 20, 120")) == "");
  for (const auto& [accounts, amounts] : std::vector<std::pair<std::string, std::string>>{
           {"{cash_at_gateway,deferred_revenue,tax_payable}", "{120,-100,-21}"},
           {"{cash_at_gateway,deferred_revenue}", "{120,-119}"},
           {"{cash_at_gateway}", "{0}"},
           {"{}", "{}"},
           {"{cash_at_gateway,deferred_revenue}", "{120,-100,-20}"},
           {"{cash_at_gateway,piggy_bank}", "{120,-120}"},
           {"{cash_at_gateway,NULL}", "{120,-120}"},
           {"{cash_at_gateway,deferred_revenue,tax_payable}", "{120,-120,NULL}"},
           {"{cash_at_gateway,deferred_revenue,tax_payable}", "{120,-120,0}"},
           {"{cash_at_gateway,deferred_revenue,tax_payable}", "[0:2]={7,120,-120}"},
           {"{cash_at_gateway,deferred_revenue}", "[2:3]={120,-120}"},
           {"{cash_at_gateway,deferred_revenue}", "{{120,-120}}"},
           {"{cash_at_gateway,deferred_revenue,tax_payable,revenue,refunds}", "{120,-120,1,-2,1}"}}) {
    INFO(accounts << " " << amounts);
    CHECK(OutcomeOf(owner, InsertEntry(accounts, amounts)) == kCheck);
  }
  const std::string balanced =
      InsertEntry("{cash_at_gateway,deferred_revenue,tax_payable}", "{120,-100,-20}");
  CHECK(OutcomeOf(owner, balanced) == "");
  CHECK(OutcomeOf(owner, balanced) == kUnique);  // a document is posted once
  const std::string of_nothing = absl::StrReplaceAll(balanced, {{"now(), id,", "now(), gen_random_uuid(),"}});
  CHECK(OutcomeOf(owner, of_nothing) == kForeignKey);
  CHECK(OutcomeOf(owner, "SET session_replication_role = replica; " + of_nothing) == kForeignKey);
  CHECK(OutcomeOf(owner,
                  "INSERT INTO recognition_line (invoice_id, line_number, currency, net_minor, term_start, "
                  "term_end, time_zone, taken_in) VALUES (gen_random_uuid(), 1, 'EUR', 5, '2027-01-15', "
                  "'2027-01-16', 'UTC', false)") == kForeignKey);
  const std::string day =
      "INSERT INTO journal_entry (id, kind, post_time, time_zone, day, currency, accounts, amounts_minor) "
      "VALUES "
      "(gen_random_uuid(), 'recognition', now(), 'UTC', '2027-01-15', 'EUR', '{deferred_revenue,revenue}', "
      "'{5,-5}')";
  CHECK(OutcomeOf(owner, day) == "");
  CHECK(OutcomeOf(owner, day) == kUnique);  // a day is income once
  CHECK(OutcomeOf(owner, absl::StrReplaceAll(day, {{"'2027-01-15'", "NULL"}})) == kCheck);
}

TEST_CASE("What guards an insert never reads all documents, though its plan is of when there were none") {
  BillingFixture billing;
  pqxx::connection connection(billing.postgres.url());
  pqxx::nontransaction session(connection);  // one session: its plans are kept
  session.exec("ANALYZE invoice, journal_entry, recognition_line");
  for (int batch = 0; batch < 8; ++batch) {
    session.exec(absl::StrCat(
        "INSERT INTO invoice (id, kind, account_pseudonym, series, sequence_number, issue_time, order_id, "
        "charge_id, currency, net_minor, tax_minor, total_minor, content) SELECT gen_random_uuid(), "
        "'invoice', "
        "gen_random_uuid(), 'S', n, now(), gen_random_uuid(), gen_random_uuid(), 'EUR', 100, 20, 120, '{}' "
        "FROM generate_series(",
        batch * 20 + 1, ", ", batch * 20 + 20, ") AS n"));
    session.exec(
        "SET enable_seqscan = off;"  // for these statements themselves, not for what guards them
        "INSERT INTO journal_entry (id, kind, post_time, document_id, currency, accounts, amounts_minor) "
        "SELECT gen_random_uuid(), 'invoice', now(), id, 'EUR', '{receivable,revenue}', '{5,-5}' FROM "
        "invoice "
        "ORDER BY series DESC, sequence_number DESC LIMIT 20;"
        "INSERT INTO recognition_line (invoice_id, line_number, currency, net_minor, term_start, term_end, "
        "time_zone, taken_in) SELECT id, 1, 'EUR', 5, '2027-01-15', '2027-01-16', 'UTC', false FROM invoice "
        "ORDER BY series DESC, sequence_number DESC LIMIT 20; RESET enable_seqscan");
  }
  session.exec("SELECT pg_stat_force_next_flush()");
  CHECK(session
            .exec("SELECT seq_tup_read FROM pg_stat_user_tables WHERE schemaname = current_schema() "
                  "AND relname = 'invoice'")[0][0]
            .as<int64_t>() == 0);
}

}  // namespace perennial::billing
