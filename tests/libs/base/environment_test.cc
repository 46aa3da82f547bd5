#include "libs/base/environment.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <map>

#include "absl/strings/match.h"

namespace perennial {
namespace {

Environment Of(std::map<std::string, std::string> values) {
  return Environment([values = std::move(values)](const std::string& name) -> std::optional<std::string> {
    const auto it = values.find(name);
    return it == values.end() ? std::nullopt : std::optional(it->second);
  });
}

TEST_CASE("settings are read, and defaults taken where there are none") {
  Environment environment = Of({{"URL", "x"}, {"PORT", "17"}, {"KEY", "00ffA0"}});
  CHECK(environment.Required("URL", "where") == "x");
  CHECK(environment.Optional("NAME", "fallback") == "fallback");
  CHECK(environment.Integer("PORT", 1, 0, 100) == 17);
  CHECK(environment.Integer("OTHER", 5, 0, 100) == 5);
  CHECK(environment.RequiredSecret("KEY", 3, "key") == std::string("\x00\xff\xa0", 3));
  CHECK(environment.Check().ok());
}

TEST_CASE("an operator hears of all mistakes at once") {
  Environment environment =
      Of({{"PORT", "many"}, {"WORKERS", "0"}, {"KEY", "zz"}, {"CERT", "/does/not/exist"}});
  environment.Required("URL", "where the database is");
  environment.Integer("PORT", 1, 0, 100);
  environment.Integer("WORKERS", 1, 1, 100);
  environment.RequiredSecret("KEY", 1, "a key");
  environment.RequiredFile("CERT", "a certificate");
  environment.Expect(false, "TIME must be system or test");
  const std::string message(environment.Check().message());
  for (const char* part : {"URL", "where the database is", "PORT", "WORKERS", "KEY", "CERT", "TIME"}) {
    INFO(part);
    CHECK(absl::StrContains(message, part));
  }
  CHECK(std::count(message.begin(), message.end(), '\n') == 5);
}

TEST_CASE("values of secrets are never in a message") {
  Environment environment = Of({{"KEY", "c0ffee-secret"}, {"SHORT", "c0ffee"}, {"COUNT", "hunter2"}});
  CHECK(environment.RequiredSecret("KEY", 32, "a key").empty());
  CHECK(environment.RequiredSecret("SHORT", 32, "a key").empty());
  environment.Integer("COUNT", 1, 0, 9);
  const std::string message(environment.Check().message());
  CHECK_FALSE(absl::StrContains(message, "c0ffee"));
  CHECK_FALSE(absl::StrContains(message, "hunter2"));
}

TEST_CASE("numbers are whole and in range") {
  for (const char* bad : {"", "1.5", "0x10", "99999999999999999999", "-1", "101", "1 2"}) {
    Environment environment = Of({{"N", bad}});
    environment.Integer("N", 1, 0, 100);
    INFO(bad);
    CHECK_FALSE(environment.Check().ok());
  }
}

TEST_CASE("a folder or an empty file is no setting") {
  for (const char* path : {"/", "/dev/null"}) {
    Environment environment = Of({{"FILE", path}});
    CHECK(environment.RequiredFile("FILE", "a file").empty());
    CHECK_FALSE(environment.Check().ok());
  }
}

}  // namespace
}  // namespace perennial
