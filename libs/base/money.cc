#include "libs/base/money.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <numeric>

#include "absl/strings/str_cat.h"

namespace perennial {
namespace {

Int128 Abs(Int128 value) {
  return value < 0 ? -value : value;
}

Int128 Gcd(Int128 a, Int128 b) {
  while (b != 0) {
    const Int128 rest = a % b;
    a = b;
    b = rest;
  }
  return Abs(a);
}

Int128 CheckedMultiply(Int128 a, Int128 b) {
  Int128 product;
  if (__builtin_mul_overflow(a, b, &product)) std::abort();
  return product;
}

Int128 CheckedAdd(Int128 a, Int128 b) {
  Int128 sum;
  if (__builtin_add_overflow(a, b, &sum)) std::abort();
  return sum;
}

Int128 FloorDivide(Int128 a, Int128 b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

}  // namespace

bool IsCurrencyCode(absl::string_view code) {
  return code.size() == 3 &&
         std::all_of(code.begin(), code.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

int CurrencyDigits(absl::string_view code) {
  // ISO 4217 exponents that are not 2.
  constexpr std::array<absl::string_view, 15> kNone = {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW",
                                                       "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF"};
  constexpr std::array<absl::string_view, 7> kThree = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"};
  if (std::find(kNone.begin(), kNone.end(), code) != kNone.end()) return 0;
  if (std::find(kThree.begin(), kThree.end(), code) != kThree.end()) return 3;
  return 2;
}

std::string FormatMoney(const Money& money) {
  const int digits = CurrencyDigits(money.currency);
  const auto magnitude = static_cast<uint64_t>(money.minor);  // unsigned: the least int64 has no opposite
  std::string text = std::to_string(money.minor < 0 ? -magnitude : magnitude);
  if (digits > 0) {
    if (text.size() <= static_cast<size_t>(digits)) text.insert(0, digits + 1 - text.size(), '0');
    text.insert(text.size() - digits, ".");
  }
  return absl::StrCat(money.currency, " ", money.minor < 0 ? "-" : "", text);
}

Rational::Rational(Int128 numerator, Int128 denominator) {
  if (denominator == 0) std::abort();
  if (denominator < 0) {
    numerator = -numerator;
    denominator = -denominator;
  }
  const Int128 divisor = numerator == 0 ? denominator : Gcd(numerator, denominator);
  numerator_ = numerator / divisor;
  denominator_ = denominator / divisor;
}

Rational Rational::operator+(const Rational& other) const {
  const Int128 shared = Gcd(denominator_, other.denominator_);
  const Int128 left = CheckedMultiply(numerator_, other.denominator_ / shared);
  const Int128 right = CheckedMultiply(other.numerator_, denominator_ / shared);
  return Rational(CheckedAdd(left, right), CheckedMultiply(denominator_, other.denominator_ / shared));
}

Rational Rational::operator-(const Rational& other) const {
  return *this + Rational(-other.numerator_, other.denominator_);
}

Rational Rational::operator*(const Rational& other) const {
  const Int128 cross_left =
      other.denominator_ == 1 ? 1 : Gcd(numerator_ == 0 ? 1 : numerator_, other.denominator_);
  const Int128 cross_right =
      denominator_ == 1 ? 1 : Gcd(other.numerator_ == 0 ? 1 : other.numerator_, denominator_);
  return Rational(CheckedMultiply(numerator_ / cross_left, other.numerator_ / cross_right),
                  CheckedMultiply(denominator_ / cross_right, other.denominator_ / cross_left));
}

bool Rational::operator<(const Rational& other) const {
  return (*this - other).numerator_ < 0;
}

int64_t Rational::Round() const {
  const Int128 doubled = CheckedMultiply(Abs(numerator_), 2);
  const Int128 magnitude = CheckedAdd(doubled, denominator_) / CheckedMultiply(denominator_, 2);
  if (magnitude > INT64_MAX) std::abort();
  return static_cast<int64_t>(numerator_ < 0 ? -magnitude : magnitude);
}

std::vector<int64_t> Allot(int64_t total, const std::vector<Rational>& parts) {
  std::vector<int64_t> amounts;
  std::vector<Rational> remainders;
  int64_t allotted = 0;
  for (const Rational& part : parts) {
    const auto floor = static_cast<int64_t>(FloorDivide(part.numerator(), part.denominator()));
    amounts.push_back(floor);
    remainders.push_back(part - Rational::Whole(floor));
    allotted += floor;
  }
  std::vector<size_t> order(parts.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return remainders[b] < remainders[a]; });
  int64_t left = total - allotted;
  if (left < 0 || left > static_cast<int64_t>(parts.size())) std::abort();
  for (size_t i = 0; left > 0; ++i, --left) ++amounts[order[i]];
  return amounts;
}

}  // namespace perennial
