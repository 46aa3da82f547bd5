#include "libs/base/uuid.h"

#include <rapidcheck.h>
#include <catch2/catch.hpp>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/time/clock.h"

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

int64_t MillisOf(const Uuid& id) {
  int64_t millis = 0;
  for (size_t i = 0; i < 6; ++i) millis = millis << 8 | id.bytes()[i];
  return millis;
}

TEST_CASE("ids are version 7, in the order of time, and do not repeat") {
  TimedIdSource ids;
  std::set<Uuid> seen;
  const absl::Time begun = absl::Now();
  for (int i = 0; i < 1000; ++i) {
    const Uuid id = ids.Next();
    CHECK(id.ToString()[14] == '7');
    CHECK(std::string("89ab").find(id.ToString()[19]) != std::string::npos);
    CHECK(MillisOf(id) >= absl::ToUnixMillis(begun));
    CHECK(MillisOf(id) <= absl::ToUnixMillis(absl::Now()));
    CHECK(seen.insert(id).second);
  }
  // Within a millisecond as well.
  const Uuid before = ids.Next();
  const absl::Time made = absl::Now();
  while (absl::Now() < made + absl::Microseconds(1)) continue;
  CHECK(before < ids.Next());
}

TEST_CASE("an id derived in order sorts with what it comes from, and is another for each purpose") {
  TimedIdSource ids;
  const Uuid order = ids.Next();
  const Uuid term = Uuid::DeriveInOrder(order, "term");
  CHECK(MillisOf(term) == MillisOf(order));
  CHECK(term.ToString()[14] == '8');
  CHECK(term == Uuid::DeriveInOrder(order, "term"));
  CHECK(term != Uuid::DeriveInOrder(order, "charge/1"));
  // What shall tell nothing of its origin has nothing of it.
  CHECK(MillisOf(Uuid::Derive(order, "term")) != MillisOf(order));
  CHECK(rc::check("no collision", [order] {
    const Uuid other = AnyUuid();
    RC_PRE(other != order);
    RC_ASSERT(Uuid::DeriveInOrder(other, "charge") != Uuid::DeriveInOrder(order, "charge"));
  }));
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
