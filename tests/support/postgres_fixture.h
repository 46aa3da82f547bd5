#pragma once

#include <memory>
#include <string>

#include "libs/events/outbox.h"
#include "libs/pg/database.h"
#include "libs/telemetry/metrics.h"

namespace perennial::testing {

// A schema of its own in a real Postgres, with the migrations of libs/pg and of one service, dropped at the
// end. The server comes from PERENNIAL_TEST_DATABASE_URL; without one tests/with-stores starts one.
class PostgresFixture {
 public:
  // `service`: "billing"; empty: only what libs/pg needs.
  explicit PostgresFixture(const std::string& service = "", int max_connections = 8);
  ~PostgresFixture();
  PostgresFixture(const PostgresFixture&) = delete;
  PostgresFixture& operator=(const PostgresFixture&) = delete;

  pg::Database& database() { return *database_; }
  events::Outbox& outbox() { return *outbox_; }
  telemetry::Metrics& metrics() { return metrics_; }
  const std::string& url() const { return url_; }  // with the schema as search_path and application_name

 private:
  telemetry::Metrics metrics_;
  std::string schema_;
  std::string url_;
  std::unique_ptr<pg::Database> database_;
  std::unique_ptr<events::Outbox> outbox_;
};

}  // namespace perennial::testing
