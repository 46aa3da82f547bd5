#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace perennial {

__extension__ using Int128 = __int128;

// An amount in the smallest unit of an ISO 4217 currency (cents for EUR, yen for JPY). Never floating point.
struct Money {
  std::string currency;  // ISO 4217, upper case
  int64_t minor = 0;     // may be negative: a credit

  auto operator<=>(const Money&) const = default;
};

// Largest absolute amount a request may name: 10^12 minor units. Keeps sums far from overflow.
inline constexpr int64_t kMaxMoneyMinor = 1'000'000'000'000;

// True for three upper-case letters.
bool IsCurrencyCode(absl::string_view code);

// Digits after the decimal point in ISO 4217: 0 for JPY, 3 for KWD, 2 for most.
int CurrencyDigits(absl::string_view code);

// "EUR 12.34", for messages and logs.
std::string FormatMoney(const Money& money);

// An exact fraction, always reduced, denominator positive. Arithmetic aborts on overflow of 128 bits, which
// prices below kMaxMoneyMinor and terms of at most 10 years cannot reach.
class Rational {
 public:
  Rational() = default;
  Rational(Int128 numerator, Int128 denominator);
  static Rational Whole(int64_t value) { return Rational(value, 1); }

  Rational operator+(const Rational& other) const;
  Rational operator-(const Rational& other) const;
  Rational operator*(const Rational& other) const;
  bool operator==(const Rational& other) const = default;
  bool operator<(const Rational& other) const;

  // The one rounding rule (docs/architecture.md, Money): half away from zero.
  int64_t Round() const;

  Int128 numerator() const { return numerator_; }
  Int128 denominator() const { return denominator_; }

 private:
  Int128 numerator_ = 0;
  Int128 denominator_ = 1;
};

// Whole amounts, one for each exact part, that sum to `total`: each part is rounded towards minus infinity
// and the units left over go to the largest remainders, first part first on a tie. `total` must be the exact
// sum, rounded up or down; each amount is then within one unit of its part.
std::vector<int64_t> Allot(int64_t total, const std::vector<Rational>& parts);

}  // namespace perennial
