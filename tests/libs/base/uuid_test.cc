#include "libs/base/uuid.h"

#include <rapidcheck.h>
#include <catch2/catch.hpp>
#include <set>

#include "absl/strings/ascii.h"

namespace perennial {
namespace {

Uuid AnyUuid() {
  std::array<uint8_t, 16> bytes;
  for (uint8_t& byte : bytes) byte = *rc::gen::arbitrary<uint8_t>();
  return Uuid(bytes);
}

TEST_CASE("a UUID reads back what it writes, in either case") {
  CHECK(rc::check("round trip", [] {
    const Uuid id = AnyUuid();
    const std::string text = id.ToString();
    RC_ASSERT(text.size() == 36u);
    RC_ASSERT(*Uuid::Parse(text) == id);
    RC_ASSERT(*Uuid::Parse(absl::AsciiStrToUpper(text)) == id);
  }));
}

TEST_CASE("only the 36-character form is a UUID") {
  const std::string good = "00112233-4455-6677-8899-aabbccddeeff";
  REQUIRE(Uuid::Parse(good)->ToString() == good);
  for (const char* bad : {"", "00112233445566778899aabbccddeeff", "{00112233-4455-6677-8899-aabbccddeeff}",
                          "00112233-4455-6677-8899-aabbccddeef", "00112233-4455-6677-8899-aabbccddeefff",
                          "0011223-34455-6677-8899-aabbccddeeff", "00112233-4455-6677-8899-aabbccddeefg",
                          "00112233_4455_6677_8899_aabbccddeeff", " 0112233-4455-6677-8899-aabbccddeeff"}) {
    CHECK_FALSE(Uuid::Parse(bad).ok());
  }
  CHECK_FALSE(Uuid::Parse(std::string(36, '\0')).ok());
}

TEST_CASE("any one character changed is another UUID or none") {
  CHECK(rc::check("no two spellings but for case", [] {
    const Uuid id = AnyUuid();
    std::string text = id.ToString();
    const auto at = *rc::gen::inRange<size_t>(0, 36);
    const auto c = *rc::gen::arbitrary<char>();
    RC_PRE(absl::ascii_tolower(c) != text[at]);
    text[at] = c;
    const auto read = Uuid::Parse(text);
    const bool same = read.ok() && *read == id;
    RC_ASSERT_FALSE(same);
  }));
}

TEST_CASE("random ids are version 4 and do not repeat") {
  RandomIdSource ids;
  std::set<Uuid> seen;
  for (int i = 0; i < 1000; ++i) {
    const Uuid id = ids.Next();
    CHECK(id.ToString()[14] == '4');
    CHECK(std::string("89ab").find(id.ToString()[19]) != std::string::npos);
    CHECK(seen.insert(id).second);
  }
}

TEST_CASE("a derived id depends on each of its parts and on nothing else") {
  const Uuid order = *Uuid::Parse("5f0c6a3e-0d5b-4c62-9f0a-6d5c1f0f7b11");
  // Pinned: ids of steps are stored, so a new binary must derive the same.
  CHECK(Uuid::Derive(order, "charge").ToString() == "121c5678-9273-812d-9cdb-952cbd374328");
  std::set<Uuid> seen;
  for (const char* purpose : {"", "charge", "charge1", "charge2", "egrahc", "invoice"}) {
    CHECK(seen.insert(Uuid::Derive(order, purpose)).second);
  }
  CHECK(rc::check("no collision", [order] {
    const Uuid other = AnyUuid();
    RC_PRE(other != order);
    RC_ASSERT(Uuid::Derive(other, "charge") != Uuid::Derive(order, "charge"));
    RC_ASSERT(Uuid::Derive(other, "charge").ToString()[14] == '8');
  }));
}

}  // namespace
}  // namespace perennial
