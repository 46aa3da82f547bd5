#include "services/payment_token/core/card.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libs/base/error.h"

namespace perennial::payment_token::core {
namespace {

constexpr int kMaxYearsAhead = 50;  // the gateway's own bound
constexpr size_t kMaxHolderName = 100;

bool AllDigits(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

bool IsOver(int month, int year, CivilDate today) {
  return absl::CivilMonth(year, month) < absl::CivilMonth(today);
}

const char* BrandName(CardBrand brand) {
  switch (brand) {
    case CardBrand::kVisa:
      return "Visa";
    case CardBrand::kMastercard:
      return "Mastercard";
    case CardBrand::kAmericanExpress:
      return "American Express";
    case CardBrand::kDiscover:
      return "Discover";
    case CardBrand::kDinersClub:
      return "Diners Club";
    case CardBrand::kJcb:
      return "JCB";
    case CardBrand::kUnionPay:
      return "UnionPay";
    case CardBrand::kOther:
      return "Card";
  }
  return "Card";
}

}  // namespace

size_t Characters(absl::string_view utf8) {
  // All bytes but those that go on with a character (RFC 3629).
  return static_cast<size_t>(std::count_if(
      utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool PassesLuhn(absl::string_view digits) {
  int sum = 0;
  bool doubled = false;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, doubled = !doubled) {
    const int value = (*digit - '0') * (doubled ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 == 0;
}

SecretText Digits(absl::string_view number) {
  // At most 19 digits are of interest; what is longer fails the check anyway.
  char digits[64];
  size_t size = 0;
  for (const char c : number) {
    if (c != ' ' && size < sizeof(digits)) digits[size++] = c;
  }
  SecretText text(absl::string_view(digits, size));
  explicit_bzero(digits, sizeof(digits));
  return text;
}

absl::Status CheckCard(const CardEntry& card, CivilDate today) {
  FieldViolations violations;
  const SecretText number = Digits(card.number.view());
  const absl::string_view digits = number.view();
  if (digits.size() < 12 || digits.size() > 19 || !AllDigits(digits)) {
    violations.Add("card.number", "must have 12 to 19 digits");
  } else {
    violations.Require(PassesLuhn(digits), "card.number", "is mistyped: its check digit does not fit");
  }
  const bool is_month = card.expiry_month >= 1 && card.expiry_month <= 12;
  violations.Require(is_month, "card.expiry_month", "must be from 1 to 12");
  const int64_t year = today.year();
  if (card.expiry_year < 2000 || card.expiry_year > year + kMaxYearsAhead) {
    violations.Add("card.expiry_year", "must be a year of four digits, at most 50 years ahead");
  } else if (is_month) {
    violations.Require(!IsOver(card.expiry_month, card.expiry_year, today), "card.expiry_year",
                       "the card has expired");
  }
  const absl::string_view code = card.security_code.view();
  violations.Require((code.size() == 3 || code.size() == 4) && AllDigits(code), "card.security_code",
                     "must have 3 or 4 digits");
  violations.Require(Characters(card.holder_name) <= kMaxHolderName, "card.holder_name",
                     "must have at most 100 characters");
  return violations.ToStatus();
}

std::string Describe(const Card& card) {
  return absl::StrCat(BrandName(card.brand), " •••• ", card.last_four);
}

bool IsExpired(const Card& card, CivilDate today) {
  return IsOver(card.expiry_month, card.expiry_year, today);
}

}  // namespace perennial::payment_token::core
