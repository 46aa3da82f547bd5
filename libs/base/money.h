#pragma once

#include <gmpxx.h>

#include <compare>
#include <cstdint>
#include <string>
#include <utility>
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

// An exact fraction, however long: a term that is upgraded again and again collects the days of each upgrade
// in its denominator, and no customer's history may be one that cannot be computed (R10). Always reduced,
// denominator positive.
class Rational {
 public:
  Rational() = default;
  Rational(Int128 numerator, Int128 denominator);  // denominator not 0
  // What `numerator` and `denominator` say in decimal digits; a sign is allowed in the first.
  static absl::StatusOr<Rational> Parse(const std::string& numerator, const std::string& denominator);
  static Rational Whole(int64_t value) { return Rational(value, 1); }

  Rational operator+(const Rational& other) const { return Rational(value_ + other.value_); }
  Rational operator-(const Rational& other) const { return Rational(value_ - other.value_); }
  Rational operator*(const Rational& other) const { return Rational(value_ * other.value_); }
  bool operator==(const Rational& other) const { return value_ == other.value_; }
  bool operator<(const Rational& other) const { return value_ < other.value_; }

  // The one rounding rule (docs/architecture.md, Money): half away from zero. Aborts beyond 64 bits, which
  // amounts below kMaxMoneyMinor cannot reach.
  int64_t Round() const;
  // Towards minus infinity; aborts as Round does.
  int64_t Floor() const;

  // In decimal digits.
  std::string numerator() const { return value_.get_num().get_str(); }
  std::string denominator() const { return value_.get_den().get_str(); }

 private:
  explicit Rational(mpq_class value) : value_(std::move(value)) {}
  mpq_class value_;
};

// Whole amounts, one for each exact part, that sum to `total`: each part is rounded towards minus infinity
// and the units left over go to the largest remainders, first part first on a tie. `total` must be the exact
// sum, rounded up or down; each amount is then within one unit of its part.
std::vector<int64_t> Allot(int64_t total, const std::vector<Rational>& parts);

}  // namespace perennial
