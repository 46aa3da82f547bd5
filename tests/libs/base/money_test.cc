#include "libs/base/money.h"

#include <rapidcheck.h>
#include <catch2/catch.hpp>
#include <numeric>

namespace perennial {
namespace {

// Prices (up to 10^12 minor units) per day of a term: 3, 6, 12, 24, 36, 60 or 120 months long (R14).
Rational AnyRational() {
  return Rational(*rc::gen::inRange<int64_t>(-kMaxMoneyMinor, kMaxMoneyMinor + 1),
                  *rc::gen::element(1, 89, 90, 91, 92, 181, 182, 183, 184, 365, 366, 730, 731, 1095, 1096,
                                    1826, 1827, 3652, 3653));
}

Int128 Integer(const std::string& digits) {
  Int128 value = 0;
  for (const char digit : digits) {
    if (digit != '-') value = value * 10 + (digit - '0');
  }
  return digits[0] == '-' ? -value : value;
}

bool SameValue(const Rational& value, Int128 numerator, Int128 denominator) {
  return Integer(value.numerator()) * denominator == numerator * Integer(value.denominator());
}

TEST_CASE("sums, differences and products are exact") {
  CHECK(rc::check("against 128-bit fractions", [] {
    const Rational a = AnyRational();
    const Rational b = AnyRational();
    const Int128 a_above = Integer(a.numerator());
    const Int128 a_below = Integer(a.denominator());
    const Int128 b_above = Integer(b.numerator());
    const Int128 b_below = Integer(b.denominator());
    RC_ASSERT(SameValue(a + b, a_above * b_below + b_above * a_below, a_below * b_below));
    RC_ASSERT(SameValue(a - b, a_above * b_below - b_above * a_below, a_below * b_below));
    RC_ASSERT(SameValue(a * b, a_above * b_above, a_below * b_below));
    RC_ASSERT((a < b) == (a_above * b_below < b_above * a_below));
    RC_ASSERT(a - a == Rational());
  }));
}

TEST_CASE("a rational is always reduced, with a positive denominator") {
  CHECK(rc::check("lowest terms", [] {
    const auto numerator = *rc::gen::inRange<int64_t>(-kMaxMoneyMinor, kMaxMoneyMinor);
    const auto denominator = *rc::gen::nonZero<int32_t>();
    const Rational value(numerator, denominator);
    const Int128 below = Integer(value.denominator());
    RC_ASSERT(below > 0);
    RC_ASSERT(std::gcd(static_cast<int64_t>(Integer(value.numerator())), static_cast<int64_t>(below)) == 1);
    RC_ASSERT(SameValue(value, numerator, denominator));
  }));
}

TEST_CASE("a fraction is exact however long it grows, and is read back from its digits") {
  // A ten-year term, re-priced for the rest of it on a hundred days.
  Rational value = Rational::Whole(kMaxMoneyMinor);
  for (int day = 0; day < 100; ++day) value = value * Rational(3652 - day, 3653 - day);
  CHECK(value == Rational::Whole(kMaxMoneyMinor) * Rational(3553, 3653));
  Rational sum;
  for (int below = 1; below <= 200; ++below) sum = sum + Rational(1, below);
  CHECK(sum.denominator().size() > 80);
  const auto read = Rational::Parse(sum.numerator(), sum.denominator());
  REQUIRE(read.ok());
  CHECK(*read == sum);
  CHECK(*Rational::Parse("-4", "6") == Rational(-2, 3));
  CHECK(Rational(INT64_MIN, 1) == *Rational::Parse("-9223372036854775808", "1"));
  const Int128 large = (Int128{1} << 126) + 1;
  CHECK(Rational(-large, 1) == *Rational::Parse("-85070591730234615865843651857942052865", "1"));
  for (const char* bad : {"", "x", "1.5"}) CHECK_FALSE(Rational::Parse(bad, "1").ok());
  for (const char* bad : {"", "0", "-1"}) CHECK_FALSE(Rational::Parse("1", bad).ok());
}

TEST_CASE("rounding is half away from zero") {
  CHECK(Rational(5, 2).Round() == 3);
  CHECK(Rational(-5, 2).Round() == -3);
  CHECK(Rational(1, 2).Round() == 1);
  CHECK(Rational(-1, 2).Round() == -1);
  CHECK(Rational(49, 100).Round() == 0);
  CHECK(Rational(-49, 100).Round() == 0);
  CHECK(Rational(2, 3).Round() == 1);
  CHECK(Rational(0, 7).Round() == 0);
  CHECK(rc::check("nearest, and symmetric", [] {
    const Rational value = AnyRational();
    const int64_t rounded = value.Round();
    const Rational error = value - Rational::Whole(rounded);
    RC_ASSERT(!(Rational(1, 2) < error) && !(error < Rational(-1, 2)));
    RC_ASSERT((Rational() - value).Round() == -rounded);
    // A tie goes to the larger magnitude.
    if (error == Rational(1, 2)) RC_ASSERT(rounded < 0);
    if (error == Rational(-1, 2)) RC_ASSERT(rounded > 0);
  }));
}

TEST_CASE("lines are allotted so that they sum to the total, each within one unit") {
  CHECK(rc::check("any parts", [] {
    std::vector<Rational> parts;
    Rational sum;
    const auto count = *rc::gen::inRange(1, 40);
    for (int i = 0; i < count; ++i) {
      parts.push_back(AnyRational());
      sum = sum + parts.back();
    }
    const int64_t total = sum.Round();
    const std::vector<int64_t> amounts = Allot(total, parts);
    RC_ASSERT(amounts.size() == parts.size());
    RC_ASSERT(std::accumulate(amounts.begin(), amounts.end(), int64_t{0}) == total);
    for (size_t i = 0; i < parts.size(); ++i) {
      const Rational error = Rational::Whole(amounts[i]) - parts[i];
      RC_ASSERT(error < Rational(1, 1) && Rational(-1, 1) < error);
    }
  }));
}

TEST_CASE("the unit left over goes to the largest remainder, the first on a tie") {
  const Rational third(100, 3);
  CHECK(Allot(100, {third, third, third}) == std::vector<int64_t>{34, 33, 33});
  CHECK(Allot(100, {Rational(331, 10), Rational(338, 10), Rational(331, 10)}) ==
        std::vector<int64_t>{33, 34, 33});
  CHECK(Allot(-1, {Rational(-1, 2), Rational(-1, 2)}) == std::vector<int64_t>{0, -1});
  CHECK(Allot(0, {}).empty());
}

TEST_CASE("money is written with the digits of its currency") {
  CHECK(FormatMoney({"EUR", 1234}) == "EUR 12.34");
  CHECK(FormatMoney({"EUR", 5}) == "EUR 0.05");
  CHECK(FormatMoney({"EUR", -5}) == "EUR -0.05");
  CHECK(FormatMoney({"JPY", 1234}) == "JPY 1234");
  CHECK(FormatMoney({"KWD", 1}) == "KWD 0.001");
  CHECK(FormatMoney({"EUR", INT64_MIN}) == "EUR -92233720368547758.08");
}

TEST_CASE("a currency code is three upper-case letters") {
  CHECK(IsCurrencyCode("EUR"));
  for (const char* bad : {"", "EU", "EURO", "eur", "EU1", "E R"}) CHECK_FALSE(IsCurrencyCode(bad));
}

}  // namespace
}  // namespace perennial
