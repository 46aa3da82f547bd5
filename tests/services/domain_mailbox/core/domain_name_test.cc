#include "services/domain_mailbox/core/domain_name.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/support/status_matchers.h"

namespace perennial::domain_mailbox::core {
namespace {

TEST_CASE("Names directly under a top-level domain that we sell are accepted, in lower case") {
  for (const char* name : {"a.com", "ab-c.fr", "123.example", "xn--mller-kva.example", "shop.co.uk",
                           "a23456789012345678901234567890123456789012345678901234567890123.com"}) {
    INFO(name);
    REQUIRE_OK(ParseDomainName(name));
    CHECK(ParseDomainName(name)->text == name);
  }
  CHECK(ParseDomainName("ExAmple.COM")->text == "example.com");
  CHECK(ParseDomainName("shop.co.uk")->tld->name == "co.uk");
}

TEST_CASE("What is no such name is refused as that") {
  for (const char* name :
       {"",           ".",
        "com",        "a",
        ".com",       "a..com",
        "a.com.",     "-a.com",
        "a-.com",     "a_b.com",
        "a b.com",    "www.a.com",
        "co.uk",      "a.b.co.uk",
        "ab--c.com",  "xn--.com",
        "müller.com", "a\t.com",
        "a/b.com",    "a234567890123456789012345678901234567890123456789012345678901234.com"}) {
    INFO(name);
    CHECK_REFUSED(ParseDomainName(name), "DOMAIN_NAME_INVALID");
  }
  CHECK_REFUSED(ParseDomainName(std::string("a\0.com", 6)), "DOMAIN_NAME_INVALID");
  CHECK_REFUSED(ParseDomainName(std::string(300, 'a') + ".com"), "DOMAIN_NAME_INVALID");
}

TEST_CASE("Other top-level domains are not offered") {
  CHECK_REFUSED(ParseDomainName("a.unsold"), "TLD_NOT_OFFERED");
  CHECK_REFUSED(ParseDomainName("a.uk"), "TLD_NOT_OFFERED");
  CHECK_REFUSED(ParseDomainName("a.it"), "TLD_NOT_OFFERED");
}

TEST_CASE(
    "Offered top-level domains are listed once each, ascending, and live long enough to be paid late (R18)") {
  const auto& tlds = OfferedTlds();
  CHECK(std::is_sorted(tlds.begin(), tlds.end(), [](const Tld& a, const Tld& b) { return a.name < b.name; }));
  for (const Tld& tld : tlds) {
    INFO(tld.name);
    CHECK(FindTld(tld.name) == &tld);
    CHECK(tld.renew_grace_days >= 31);
  }
}

TEST_CASE("Whatever is accepted is letters, digits, hyphens and dots, and is accepted again as itself") {
  CHECK(rc::check("accepted names are stable", [] {
    const auto label =
        *rc::gen::container<std::string>(rc::gen::weightedOneOf<char>({{20, rc::gen::inRange('a', '{')},
                                                                       {5, rc::gen::inRange('0', ':')},
                                                                       {3, rc::gen::element('-', 'X', 'N')},
                                                                       {1, rc::gen::arbitrary<char>()}}));
    const auto tld = *rc::gen::elementOf(OfferedTlds());
    const auto name = ParseDomainName(absl::StrCat(label, ".", tld.name));
    RC_CLASSIFY(name.ok(), "accepted");
    if (!name.ok()) return;
    RC_ASSERT(name->text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string::npos);
    RC_ASSERT(ParseDomainName(name->text)->text == name->text);
    for (const absl::string_view part : absl::StrSplit(name->text, '.')) {
      RC_ASSERT(!part.empty() && part.size() <= 63);
      RC_ASSERT(part.front() != '-' && part.back() != '-');
    }
  }));
}

}  // namespace
}  // namespace perennial::domain_mailbox::core
