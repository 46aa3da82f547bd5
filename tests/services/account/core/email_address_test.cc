#include "services/account/core/email_address.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

namespace perennial::account::core {
namespace {

TEST_CASE("an address is compared without regard to case and to the spaces around it") {
  const auto email = ParseEmailAddress("  Zoe.Smith+News@Example.COM\n");
  REQUIRE(email);
  CHECK(email->text == "Zoe.Smith+News@Example.COM");
  CHECK(email->key == "zoe.smith+news@example.com");
}

TEST_CASE("what is not an address is refused") {
  const absl::string_view bad[] = {"",
                                   "@",
                                   "a@",
                                   "@example.com",
                                   "a@b",
                                   "a@@b.com",
                                   "a b@c.com",
                                   "a@b..com",
                                   ".a@b.com",
                                   "a.@b.com",
                                   "a..b@c.com",
                                   "a@-b.com",
                                   "a@b-.com",
                                   "a@127.0.0.1",
                                   "a@[127.0.0.1]",
                                   "a@b.com.",
                                   "\"a\"@b.com",
                                   "é@b.com",
                                   "a@é.com",
                                   "a,b@c.com",
                                   "a@b_c.com",
                                   "a@b.c\x01om",
                                   "a@b.com,c@d.e",
                                   "<a@example.com>"};
  for (const absl::string_view text : bad) {
    INFO(std::string(text));
    CHECK_FALSE(ParseEmailAddress(text));
  }
  CHECK_FALSE(ParseEmailAddress(absl::string_view("a@b.com\0", 8)));
}

TEST_CASE("an address has at most 254 bytes, 64 before the sign") {
  const std::string domain =
      std::string(60, 'b') + "." + std::string(60, 'c') + "." + std::string(60, 'd') + ".com";
  CHECK(ParseEmailAddress(std::string(64, 'a') + "@" + domain));
  CHECK_FALSE(ParseEmailAddress(std::string(65, 'a') + "@" + domain));
  CHECK_FALSE(ParseEmailAddress("a@" + std::string(64, 'b') + ".com"));
  CHECK_FALSE(ParseEmailAddress(std::string(64, 'a') + "@" + domain + ".org.net"));
}

TEST_CASE("the key of an address is its own key") {
  CHECK(rc::check("parsing a key gives the key again", [] {
    const auto atom =
        rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::elementOf(std::string("aZ09+-_"))));
    const std::string local = (*atom).substr(0, 64);
    const auto email = ParseEmailAddress(" " + local + "@Example.org ");
    RC_ASSERT(email.has_value());
    const auto again = ParseEmailAddress(email->key);
    RC_ASSERT(again.has_value());
    RC_ASSERT(again->key == email->key);
    RC_ASSERT(again->text == email->key);
  }));
}

}  // namespace
}  // namespace perennial::account::core
