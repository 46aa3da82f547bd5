#include "services/payment_token/core/card.h"

#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "libs/base/error.h"

namespace perennial::payment_token::core {
namespace {

const CivilDate kToday(2027, 1, 15);

CardEntry Entry(absl::string_view number, int month, int year, absl::string_view code) {
  return {SecretText(number), month, year, SecretText(code), "Ada Lovelace"};
}

std::vector<std::string> FieldsAtFault(const CardEntry& card) {
  std::vector<std::string> fields;
  for (const FieldViolation& violation : FieldViolationsOf(CheckCard(card, kToday)))
    fields.push_back(violation.field);
  return fields;
}

TEST_CASE("a card that could be real passes, with or without spaces") {
  CHECK(CheckCard(Entry("4242 4242 4242 4242", 12, 2034, "987"), kToday).ok());
  CHECK(CheckCard(Entry("378282246310005", 1, 2027, "1234"), kToday).ok());
}

TEST_CASE("each field at fault is named, and all of them at once") {
  using Fields = std::vector<std::string>;
  CHECK(FieldsAtFault(Entry("4242424242424241", 12, 2034, "987")) == Fields{"card.number"});
  CHECK(FieldsAtFault(Entry("42424242424", 12, 2034, "987")) == Fields{"card.number"});
  CHECK(FieldsAtFault(Entry("4242-4242-4242-4242", 12, 2034, "987")) == Fields{"card.number"});
  CHECK(FieldsAtFault(Entry("", 0, 0, "")) ==
        Fields{"card.number", "card.expiry_month", "card.expiry_year", "card.security_code"});
  CHECK(FieldsAtFault(Entry("4242424242424242", 12, 34, "987")) == Fields{"card.expiry_year"});
  CHECK(FieldsAtFault(Entry("4242424242424242", 12, 2134, "987")) == Fields{"card.expiry_year"});
  CHECK(FieldsAtFault(Entry("4242424242424242", 12, 2034, "98a")) == Fields{"card.security_code"});
  CHECK(FieldsAtFault(Entry("4242424242424242", 12, 2034, "12345")) == Fields{"card.security_code"});
}

TEST_CASE("a card is good until the end of its expiry month") {
  CHECK(CheckCard(Entry("4242424242424242", 1, 2027, "987"), kToday).ok());
  CHECK(FieldsAtFault(Entry("4242424242424242", 12, 2026, "987")) ==
        std::vector<std::string>{"card.expiry_year"});
}

TEST_CASE("what is wrong with a card never repeats it (R21)") {
  const absl::Status status = CheckCard(Entry("4242424242424241", 13, 1999, "98765"), kToday);
  const std::string all = status.ToString();
  CHECK(all.find("4242") == std::string::npos);
  CHECK(all.find("98765") == std::string::npos);
}

TEST_CASE("one wrong digit never passes Luhn, nor do two neighbours swapped, but for 0 and 9") {
  CHECK(rc::check("", [] {
    auto digits = *rc::gen::container<std::string>(15, rc::gen::inRange<char>('0', '9' + 1));
    char check = '0';
    while (!PassesLuhn(digits + check)) ++check;
    RC_ASSERT(check <= '9');
    digits.push_back(check);
    const auto at = static_cast<size_t>(*rc::gen::inRange(0, 15));
    std::string mistyped = digits;
    mistyped[at] = *rc::gen::inRange<char>('0', '9' + 1);
    RC_ASSERT(PassesLuhn(mistyped) == (mistyped == digits));
    std::string swapped = digits;
    std::swap(swapped[at], swapped[at + 1]);
    const bool is_0_and_9 =
        std::min(digits[at], digits[at + 1]) == '0' && std::max(digits[at], digits[at + 1]) == '9';
    RC_ASSERT(PassesLuhn(swapped) == (swapped == digits || is_0_and_9));
  }));
}

TEST_CASE("a secret text is moved, not copied") {
  SecretText text("4242424242424242");
  const char* place = text.view().data();
  const SecretText moved = std::move(text);
  CHECK(moved.view() == "4242424242424242");
  CHECK(moved.view().data() == place);
  CHECK(SecretText().view().empty());
}

TEST_CASE("characters are counted, not bytes") {
  CHECK(Characters("Zoë") == 3);
  CHECK(Characters("") == 0);
  CHECK(Characters("日本") == 2);
}

}  // namespace
}  // namespace perennial::payment_token::core
