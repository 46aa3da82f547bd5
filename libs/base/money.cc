#include "libs/base/money.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <numeric>

#include "absl/strings/str_cat.h"

namespace perennial {
namespace {

mpz_class ToInteger(Int128 value) {
  const mpz_class high(static_cast<long>(value >> 64));  // rounds towards minus infinity
  return (high << 64) + static_cast<unsigned long>(value);
}

int64_t Narrow(const mpz_class& value) {
  static_assert(sizeof(long) == sizeof(int64_t));
  if (!value.fits_slong_p()) std::abort();
  return value.get_si();
}

mpz_class FloorDivide(const mpz_class& a, const mpz_class& b) {
  mpz_class quotient;
  mpz_fdiv_q(quotient.get_mpz_t(), a.get_mpz_t(), b.get_mpz_t());
  return quotient;
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
  value_ = mpq_class(ToInteger(numerator), ToInteger(denominator));
  value_.canonicalize();
}

absl::StatusOr<Rational> Rational::Parse(const std::string& numerator, const std::string& denominator) {
  mpz_class above;
  mpz_class below;
  if (above.set_str(numerator, 10) != 0 || below.set_str(denominator, 10) != 0 || below <= 0)
    return absl::InvalidArgumentError("not a fraction");
  mpq_class value(above, below);
  value.canonicalize();
  return Rational(std::move(value));
}

int64_t Rational::Floor() const {
  return Narrow(FloorDivide(value_.get_num(), value_.get_den()));
}

int64_t Rational::Round() const {
  const mpz_class doubled = 2 * abs(value_.get_num());
  const mpz_class magnitude = FloorDivide(doubled + value_.get_den(), 2 * value_.get_den());
  return Narrow(value_ < 0 ? mpz_class(-magnitude) : magnitude);
}

std::vector<int64_t> Allot(int64_t total, const std::vector<Rational>& parts) {
  std::vector<int64_t> amounts;
  std::vector<Rational> remainders;
  int64_t allotted = 0;
  for (const Rational& part : parts) {
    const int64_t floor = part.Floor();
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
