#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/billing/app/series_audit.h"
#include "services/billing/storage/postgres_series_store.h"
#include "tests/services/billing/support.h"

// The chain of a series, against those who may do everything with the tables (R26).
namespace perennial::billing {
namespace {

using core::SeriesFault;
using core::SeriesFaultKind;

struct ChainFixture : BillingFixture {
  PostgresSeriesStore series{postgres.database()};
  SeriesAudit audit{series};
  std::vector<core::Document> issued;

  explicit ChainFixture(int documents) {
    const Uuid account = ids.Next();
    for (int i = 0; i < documents; ++i) issued.push_back(Invoice(account, 1'000 + i));
  }

  // Runs as the tables' owner, and a superuser at that, with all triggers and foreign keys off.
  void Forge(const std::string& sql) {
    pqxx::connection connection(postgres.url());
    pqxx::work work(connection);
    work.exec("ALTER TABLE invoice DISABLE TRIGGER ALL");
    work.exec(sql);
    work.exec("ALTER TABLE invoice ENABLE TRIGGER ALL");
    work.commit();
  }

  // The guards of sums and kinds, so that anything can be forged.
  void DropChecks() {
    pqxx::connection connection(postgres.url());
    pqxx::work work(connection);
    for (const auto& row : work.exec("SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = "
                                     "'invoice'::regclass")) {
      work.exec(absl::StrCat("ALTER TABLE invoice DROP CONSTRAINT ", row[0].as<std::string>()));
    }
    work.commit();
  }

  // Verified in parts of `size`.
  SeriesVerification Verify(int size = 10'000) {
    core::SeriesPlace place;
    while (true) {
      const auto part = audit.Verify(issued[0].series, place, size);
      REQUIRE_OK(part);
      if (part->is_complete) return *part;
      REQUIRE(part->place.sequence_number == place.sequence_number + size);
      place = part->place;
    }
  }
};

// Another value for a column.
std::string Other(const std::string& column, const std::string& type) {
  if (type == "uuid") return "gen_random_uuid()";
  if (type == "bigint") return column + " + 1";
  if (type == "bytea") return "sha256('forged')";
  if (type == "timestamp with time zone") return column + " + interval '1 microsecond'";
  if (type == "json") return "replace(content::text, 'Paris', 'Lyon')::json";
  return column == "kind" ? "'credit_note'" : "'USD'";
}

std::string Sql(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::ostringstream content;
  content << stream.rdbuf();
  const std::string text = content.str();
  return text.substr(0, text.find("-- migrate:down"));
}

}  // namespace

TEST_CASE("Invoices and credit notes carry the hash of their contents and of their predecessor") {
  ChainFixture billing(3);
  const auto note = billing.invoicing.CreateCreditNote(billing.CreditFor(billing.issued[1], 100));
  REQUIRE_OK(note);
  const auto all = billing.audit.List("", 10);
  REQUIRE_OK(all);
  REQUIRE(all->size() == 2);
  for (const NumberSeries& series : *all) {
    const auto done = billing.audit.Verify(series.name, {}, 100);
    REQUIRE_OK(done);
    CHECK(!done->fault);
    CHECK(done->is_complete);
    CHECK(done->place.sequence_number == series.last_number);
  }
  const auto read = billing.invoices.Get(*note->account_id, note->id);
  REQUIRE_OK(read);
  CHECK(read->hash == note->hash);
  CHECK(note->hash.size() == 64);
  CHECK(billing.Count("SELECT count(*) FROM invoice a JOIN invoice b ON b.series = a.series AND "
                      "b.sequence_number = a.sequence_number + 1 AND b.previous_hash = a.hash") == 2);
  CHECK_REFUSED(billing.audit.Verify("INV-FR-1999", {}, 100), "INVOICE_SERIES_NOT_FOUND");
}

TEST_CASE("Whatever is changed in a document, in whichever column, verification names it") {
  ChainFixture billing(5);
  billing.DropChecks();
  pqxx::connection connection(billing.postgres.url());
  pqxx::nontransaction session(connection);
  const auto columns = session.exec(
      "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = 'invoice'::regclass "
      "AND attnum > 0 AND NOT attisdropped AND attgenerated = '' "
      "AND attname NOT IN ('series', 'sequence_number')");  // then a number is missing: the next test
  CHECK(columns.size() == 15);
  std::vector<std::string> names;
  for (const auto& column : columns) names.push_back(column[0].as<std::string>());
  billing.Forge(absl::StrCat("CREATE TABLE kept AS SELECT ", absl::StrJoin(names, ", "), " FROM invoice"));
  for (const auto& column : columns) {
    const auto name = column[0].as<std::string>();
    const auto type = column[1].as<std::string>();
    INFO(name);
    billing.Forge(
        absl::StrCat("UPDATE invoice SET ", name, " = ", Other(name, type), " WHERE sequence_number = 3"));
    CHECK(billing.Verify().fault == SeriesFault{3, SeriesFaultKind::kContentChanged});
    billing.Forge(absl::StrCat("UPDATE invoice SET ", name, " = kept.", name,
                               " FROM kept WHERE kept.id = invoice.id OR kept.hash = invoice.hash"));
    CHECK(!billing.Verify().fault);
  }
}

TEST_CASE("Who computes a forged document's hash anew is found at its successor, in parts as in the whole") {
  ChainFixture billing(6);
  billing.Forge("UPDATE invoice SET currency = 'USD' WHERE sequence_number = 3");
  billing.Forge(
      "UPDATE invoice SET hash = sha256(convert_to(invoice_canonical_form(invoice), 'UTF8')) "
      "WHERE sequence_number = 3");
  for (const int size : {1, 2, 3, 4, 100}) {
    INFO(size);
    const SeriesVerification found = billing.Verify(size);
    CHECK(found.fault == SeriesFault{4, SeriesFaultKind::kPredecessorDiffers});
    CHECK(found.place.sequence_number == 3);
  }
}

TEST_CASE("Documents that were taken out, slipped in or renumbered are found") {
  const auto fault_after = [](const std::string& sql) {
    ChainFixture billing(5);
    billing.DropChecks();
    billing.Forge(sql);
    return billing.Verify(2).fault;
  };
  CHECK(fault_after("SELECT 1") == std::nullopt);
  CHECK(fault_after("DELETE FROM invoice WHERE sequence_number = 3") ==
        SeriesFault{3, SeriesFaultKind::kNumberMissing});
  CHECK(fault_after("DELETE FROM invoice WHERE sequence_number = 1") ==
        SeriesFault{1, SeriesFaultKind::kNumberMissing});
  CHECK(fault_after("DELETE FROM invoice WHERE sequence_number = 5") ==
        SeriesFault{5, SeriesFaultKind::kNumberMissing});
  CHECK(fault_after("DELETE FROM invoice") == SeriesFault{1, SeriesFaultKind::kNumberMissing});
  CHECK(fault_after("UPDATE invoice SET sequence_number = 7 WHERE sequence_number = 4") ==
        SeriesFault{4, SeriesFaultKind::kNumberMissing});
  CHECK(fault_after("UPDATE invoice SET series = 'INV-DE-2027' WHERE sequence_number = 2") ==
        SeriesFault{2, SeriesFaultKind::kNumberMissing});
}

TEST_CASE("Nobody makes up a hash when issuing: the database writes it") {
  ChainFixture billing(1);
  pqxx::connection connection(billing.postgres.url());
  pqxx::nontransaction session(connection);
  session.exec(
      "INSERT INTO invoice (id, kind, account_pseudonym, series, sequence_number, issue_time, order_id, "
      "charge_id, currency, net_minor, tax_minor, total_minor, content, previous_hash, hash) SELECT "
      "gen_random_uuid(), kind, account_pseudonym, series, 2, issue_time, gen_random_uuid(), "
      "gen_random_uuid(), currency, net_minor, tax_minor, total_minor, content, sha256('a'), sha256('b') "
      "FROM invoice");
  // Right in the chain, but nobody was given this number.
  CHECK(billing.Verify().fault == SeriesFault{2, SeriesFaultKind::kBeyondNumbersGivenOut});
  session.exec("UPDATE series SET last_number = 2");
  CHECK(!billing.Verify().fault);
}

TEST_CASE("Documents that were issued before there was a chain get their place in it") {
  testing::PostgresFixture postgres;  // without billing's migrations
  pqxx::connection connection(postgres.url());
  pqxx::nontransaction session(connection);
  const std::filesystem::path folder =
      std::filesystem::path(PERENNIAL_SOURCE_DIR) / "services/billing/storage/migrations";
  session.exec(Sql(folder / "20261123000100_billing.sql"));
  session.exec(
      "INSERT INTO series SELECT name, 40, now() FROM unnest(ARRAY['A', 'B']) AS name; "
      "INSERT INTO invoice (id, kind, account_pseudonym, series, sequence_number, issue_time, order_id, "
      "charge_id, currency, net_minor, tax_minor, total_minor, content) "
      "SELECT gen_random_uuid(), 'invoice', gen_random_uuid(), name, number, now(), gen_random_uuid(), "
      "gen_random_uuid(), 'EUR', 100, 20, 120, '{\"note\": \"été\"}' "
      "FROM unnest(ARRAY['B', 'A']) AS name, generate_series(1, 40) AS number");
  session.exec(Sql(folder / "20261123000210_invoice_chain.sql"));
  PostgresSeriesStore store(postgres.database());
  SeriesAudit audit(store);
  for (const char* name : {"A", "B"}) {
    const auto done = audit.Verify(name, {}, 100);
    REQUIRE_OK(done);
    CHECK(!done->fault);
    CHECK(done->place.sequence_number == 40);
  }
  CHECK_THROWS_AS(session.exec("UPDATE invoice SET net_minor = 1"), pqxx::sql_error);
}

}  // namespace perennial::billing
