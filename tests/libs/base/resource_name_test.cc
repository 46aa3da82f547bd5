#include "libs/base/resource_name.h"

#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include "tests/support/fakes.h"

namespace perennial {
namespace {

TEST_CASE("names read back what they write") {
  testing::CountingIds ids;
  const Uuid account = ids.Next();
  const Uuid site = ids.Next();
  CHECK(*ParseAccountName(AccountName(account)) == account);
  const auto name = ParseChildName(MakeChildName(account, "sites", site), "sites");
  REQUIRE(name);
  CHECK(name->account_id == account);
  CHECK(name->id == site);
}

TEST_CASE("a name is of exactly the form that is asked for") {
  testing::CountingIds ids;
  const std::string account = AccountName(ids.Next());
  const std::string site = account + "/sites/" + ids.Next().ToString();
  REQUIRE(ParseChildName(site, "sites"));
  CHECK_FALSE(ParseChildName(site, "orders"));
  CHECK_FALSE(ParseChildName(account, "sites"));
  CHECK_FALSE(ParseAccountName(site));
  for (const char* bad : {"", "/", "accounts", "accounts/", "accounts/-", "accounts/me"})
    CHECK_FALSE(ParseAccountName(bad));
  for (const std::string& bad : {site + "/", "/" + site, site + " ", site + "/sites/1", "//perennial/" + site,
                                 account + "/sites/", account + "//sites/1", account + "/sites/-",
                                 std::string("ACCOUNTS") + site.substr(8), site + std::string(1, '\0')})
    CHECK_FALSE(ParseChildName(bad, "sites"));
}

TEST_CASE("a damaged name is no name, or another one") {
  testing::CountingIds ids;
  const std::string name = MakeChildName(ids.Next(), "sites", ids.Next());
  CHECK(rc::check("insert, drop or change bytes", [&] {
    std::string damaged = name;
    const auto at = *rc::gen::inRange<size_t>(0, name.size());
    const auto bytes = *rc::gen::container<std::string>(rc::gen::element('/', 'a', '0', '-', '\0', '\xc3'));
    damaged.replace(at, *rc::gen::inRange<size_t>(0, 5), bytes);
    const auto read = ParseChildName(damaged, "sites");
    if (read) RC_ASSERT(MakeChildName(read->account_id, "sites", read->id) == damaged);
  }));
}

}  // namespace
}  // namespace perennial
