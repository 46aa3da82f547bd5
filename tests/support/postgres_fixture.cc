#include "tests/support/postgres_fixture.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <pqxx/pqxx>
#include <sstream>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "libs/base/uuid.h"

namespace perennial::testing {
namespace {

std::string ServerUrl() {
  const char* url = std::getenv("PERENNIAL_TEST_DATABASE_URL");
  if (url != nullptr && *url != '\0') return url;
  std::cerr << "PERENNIAL_TEST_DATABASE_URL is not set: run storage tests through tests/run or ctest\n";
  std::exit(1);
}

// The part of a dbmate file between "-- migrate:up" and "-- migrate:down".
std::string UpPart(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::ostringstream content;
  content << stream.rdbuf();
  const std::string text = content.str();
  const size_t up = text.find("-- migrate:up");
  const size_t down = text.find("-- migrate:down");
  if (up == std::string::npos) {
    std::cerr << file << " has no -- migrate:up\n";
    std::exit(1);
  }
  return text.substr(up, down == std::string::npos ? down : down - up);
}

std::vector<std::filesystem::path> Migrations(const std::string& service) {
  const std::filesystem::path root = PERENNIAL_SOURCE_DIR;
  std::vector<std::filesystem::path> folders = {root / "libs/pg/migrations"};
  if (!service.empty()) folders.push_back(root / "services" / service / "storage/migrations");
  std::vector<std::filesystem::path> files;
  for (const auto& folder : folders) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return a.filename() < b.filename(); });
  return files;
}

}  // namespace

PostgresFixture::PostgresFixture(const std::string& service, int max_connections) {
  TimedIdSource ids;
  schema_ = absl::StrCat("test_", absl::StrReplaceAll(ids.Next().ToString(), {{"-", ""}}));
  const std::string server = ServerUrl();
  url_ = absl::StrCat(server, absl::StrContains(server, "?") ? "&" : "?", "options=-csearch_path%3D", schema_,
                      "&application_name=", schema_);
  pqxx::connection connection(server);
  pqxx::nontransaction session(connection);
  session.exec(absl::StrCat("CREATE SCHEMA ", schema_, "; SET search_path = ", schema_));
  for (const auto& file : Migrations(service)) session.exec(UpPart(file));
  database_ = std::make_unique<pg::Database>(url_, max_connections, metrics_);
  outbox_ = std::make_unique<events::Outbox>(*database_);
}

PostgresFixture::~PostgresFixture() {
  database_.reset();
  pqxx::connection connection(ServerUrl());
  pqxx::nontransaction session(connection);
  session.exec(absl::StrCat("SET client_min_messages = warning; DROP SCHEMA ", schema_, " CASCADE"));
}

}  // namespace perennial::testing
