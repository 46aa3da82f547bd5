#pragma once

#include <catch2/catch.hpp>
#include <pqxx/pqxx>

#include "tests/support/postgres_fixture.h"
#include "tests/support/status_matchers.h"

namespace perennial::pg {

// A table of counters: (1, 0) and (2, 0).
class Counters : public testing::PostgresFixture {
 public:
  explicit Counters(int max_connections = 8) : PostgresFixture("", max_connections) {
    REQUIRE_OK(
        database().Query("CREATE TABLE counter (id int CONSTRAINT counter_id_key PRIMARY KEY, n int)"));
    REQUIRE_OK(database().Query("INSERT INTO counter (id, n) VALUES (1, 0), (2, 0)"));
  }
  absl::Status Add(int id) {
    return database().Query("UPDATE counter SET n = n + 1 WHERE id = $1", id).status();
  }
  int Read(int id) {
    const auto rows = database().Query("SELECT n FROM counter WHERE id = $1", id);
    REQUIRE_OK(rows);
    return (*rows)[0].Get<int>("n");
  }
};

// Ends all its connections, as a restart of Postgres does.
inline void EndSessions(const testing::PostgresFixture& postgres) {
  pqxx::connection connection(postgres.url());
  pqxx::nontransaction session(connection);
  session.exec(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND "
      "application_name = current_setting('application_name')");
}

}  // namespace perennial::pg
