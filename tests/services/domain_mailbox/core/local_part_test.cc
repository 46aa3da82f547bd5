#include "services/domain_mailbox/core/local_part.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

namespace perennial::domain_mailbox::core {
namespace {

TEST_CASE("Local parts are plain") {
  for (const char* good : {"a", "info", "first.last", "a_b-c.d", "2024"}) CHECK(IsLocalPart(good));
  for (const char* bad :
       {"", ".", ".a", "a.", "a..b", "-a", "a-", "A", "a b", "a+b", "a@b", "é", "..", "a/b"}) {
    INFO(bad);
    CHECK_FALSE(IsLocalPart(bad));
  }
  CHECK(IsLocalPart(std::string(64, 'a')));
  CHECK_FALSE(IsLocalPart(std::string(65, 'a')));
}

TEST_CASE("Nothing that is accepted leaves a folder or an address") {
  CHECK(rc::check("accepted local parts are safe in paths and addresses", [](const std::string& text) {
    if (!IsLocalPart(text)) return;
    RC_ASSERT(text.find_first_of("/\\@ \"'<>\n") == std::string::npos);
    RC_ASSERT(text.find("..") == std::string::npos);
  }));
}

TEST_CASE("Addresses of the operator are reserved (RFC 2142)") {
  for (const char* name : {"postmaster", "abuse", "hostmaster", "webmaster", "admin", "security"}) {
    CHECK(IsReservedLocalPart(name));
    CHECK(IsLocalPart(name));
  }
  CHECK_FALSE(IsReservedLocalPart("info"));
}

}  // namespace
}  // namespace perennial::domain_mailbox::core
