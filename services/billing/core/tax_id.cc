#include "services/billing/core/tax_id.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "services/billing/core/country.h"

namespace perennial::billing::core {
namespace {

// '9' a digit, 'A' a letter, '*' either, anything else itself. Forms as the Commission's VIES FAQ lists them.
struct Form {
  absl::string_view prefix;
  absl::string_view pattern;
};

constexpr Form kForms[] = {
    {"AT", "U99999999"},   {"BE", "0999999999"},  {"BE", "1999999999"}, {"BG", "999999999"},
    {"BG", "9999999999"},  {"CY", "99999999A"},   {"CZ", "99999999"},   {"CZ", "999999999"},
    {"CZ", "9999999999"},  {"DE", "999999999"},   {"DK", "99999999"},   {"EE", "999999999"},
    {"EL", "999999999"},   {"ES", "*9999999*"},   {"FI", "99999999"},   {"FR", "**999999999"},
    {"HR", "99999999999"}, {"HU", "99999999"},    {"IE", "9999999A"},   {"IE", "9999999AA"},
    {"IE", "9A99999A"},    {"IT", "99999999999"}, {"LT", "999999999"},  {"LT", "999999999999"},
    {"LU", "99999999"},    {"LV", "99999999999"}, {"MT", "99999999"},   {"NL", "999999999B99"},
    {"PL", "9999999999"},  {"PT", "999999999"},   {"RO", "99"},         {"RO", "999"},
    {"RO", "9999"},        {"RO", "99999"},       {"RO", "999999"},     {"RO", "9999999"},
    {"RO", "99999999"},    {"RO", "999999999"},   {"RO", "9999999999"}, {"SE", "999999999999"},
    {"SI", "99999999"},    {"SK", "9999999999"},
};

bool Matches(absl::string_view text, absl::string_view pattern) {
  if (text.size() != pattern.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool ok = pattern[i] == '9'   ? absl::ascii_isdigit(c)
                    : pattern[i] == 'A' ? absl::ascii_isupper(c)
                    : pattern[i] == '*' ? absl::ascii_isdigit(c) || absl::ascii_isupper(c)
                                        : c == pattern[i];
    // A pattern's own 0 and 1 are themselves: '9' is the only digit that stands for others.
    if (!ok) return false;
  }
  return true;
}

int Digit(char c) {
  return c - '0';
}

int64_t Number(absl::string_view digits) {
  int64_t value = 0;
  for (char c : digits) value = value * 10 + Digit(c);
  return value;
}

// ISO/IEC 7812-1 annex B.
bool IsLuhn(absl::string_view digits) {
  int sum = 0;
  for (size_t i = 0; i < digits.size(); ++i) {
    const bool doubled = (digits.size() - i) % 2 == 0;
    const int value = Digit(digits[i]) * (doubled ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 == 0;
}

// ISO/IEC 7064, MOD 11,10.
bool IsGerman(absl::string_view digits) {
  int product = 10;
  for (char c : digits.substr(0, 8)) {
    const int sum = (Digit(c) + product) % 10;
    product = 2 * (sum == 0 ? 10 : sum) % 11;
  }
  return digits[0] != '0' && (11 - product) % 10 == Digit(digits[8]);
}

// Two characters of key, then the company's SIREN. Keys with letters have no published check that holds for
// all; Monaco's SIREN begins with 000 and is no Luhn number.
bool IsFrench(absl::string_view id) {
  const absl::string_view siren = id.substr(2);
  if (!absl::StartsWith(siren, "000") && !IsLuhn(siren)) return false;
  const bool numeric = absl::ascii_isdigit(id[0]) && absl::ascii_isdigit(id[1]);
  return !numeric || Number(id.substr(0, 2)) == (12 + 3 * (Number(siren) % 97)) % 97;
}

bool IsBelgian(absl::string_view digits) {
  return 97 - Number(digits.substr(0, 8)) % 97 == Number(digits.substr(8));
}

// Companies: weights 9 to 2, modulo 11, over the nine digits before the B. Sole traders, since 2020: all of
// it, letters as numbers from A = 10, is 1 modulo 97.
bool IsDutch(absl::string_view id) {
  int sum = 0;
  for (int i = 0; i < 8; ++i) sum += Digit(id[i]) * (9 - i);
  if (sum % 11 == Digit(id[8])) return true;
  int rest = 0;
  for (char c : std::string("NL") + std::string(id)) {
    rest = absl::ascii_isdigit(c) ? (rest * 10 + Digit(c)) % 97 : (rest * 100 + c - 'A' + 10) % 97;
  }
  return rest == 1;
}

// Persons: number modulo 23 as a letter. Foreigners: X, Y, Z stand for 0, 1, 2. Companies: Luhn, as a digit
// or as a letter from J = 0.
bool IsSpanish(absl::string_view id) {
  constexpr absl::string_view kPersonLetters = "TRWAGMYFPDXBNJZSQVHLCKE";
  const char first = id[0];
  const char last = id[8];
  if (absl::ascii_isdigit(first)) return kPersonLetters[Number(id.substr(0, 8)) % 23] == last;
  if (first >= 'X' && first <= 'Z') {
    return kPersonLetters[((first - 'X') * 10'000'000 + Number(id.substr(1, 7))) % 23] == last;
  }
  if (first >= 'K' && first <= 'M') return kPersonLetters[Number(id.substr(1, 7)) % 23] == last;
  if (!absl::StrContains("ABCDEFGHJNPQRSUVW", std::string(1, first))) return false;
  int check = 0;
  while (!IsLuhn(std::string(id.substr(1, 7)) + static_cast<char>('0' + check))) ++check;
  return last == '0' + check || last == "JABCDEFGHI"[check];
}

bool HasCheckDigits(absl::string_view prefix, absl::string_view id) {
  if (prefix == "BE") return IsBelgian(id);
  if (prefix == "DE") return IsGerman(id);
  if (prefix == "ES") return IsSpanish(id);
  if (prefix == "FR") return IsFrench(id);
  if (prefix == "IT") return IsLuhn(id);
  if (prefix == "NL") return IsDutch(id);
  return true;
}

}  // namespace

std::string NormalizeTaxId(absl::string_view tax_id) {
  std::string normalized;
  for (char c : tax_id) {
    if (c != ' ' && c != '.' && c != '-') normalized += absl::ascii_toupper(c);
  }
  return normalized;
}

bool IsTaxId(absl::string_view country_code, absl::string_view tax_id) {
  const VatState* state = VatStateOf(country_code);
  if (state == nullptr) {
    return tax_id.size() >= 4 && tax_id.size() <= 20 && std::all_of(tax_id.begin(), tax_id.end(), [](char c) {
             return absl::ascii_isdigit(c) || absl::ascii_isupper(c);
           });
  }
  if (!absl::StartsWith(tax_id, state->tax_prefix)) return false;
  const absl::string_view rest = tax_id.substr(2);
  const bool formed = std::any_of(std::begin(kForms), std::end(kForms), [&](const Form& form) {
    return form.prefix == state->tax_prefix && Matches(rest, form.pattern);
  });
  return formed && HasCheckDigits(state->tax_prefix, rest);
}

}  // namespace perennial::billing::core
