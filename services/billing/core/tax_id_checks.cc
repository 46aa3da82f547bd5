#include "services/billing/core/tax_id_checks.h"

#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

// Sources: the member states' own descriptions, as collected in the VIES FAQ and OECD's "Tax identification
// numbers". A test compares them all with a library that other people wrote.
namespace perennial::billing::core {
namespace {

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
bool IsMod1110(absl::string_view digits) {
  int product = 10;
  for (char c : digits.substr(0, digits.size() - 1)) {
    const int sum = (Digit(c) + product) % 10;
    product = 2 * (sum == 0 ? 10 : sum) % 11;
  }
  return (11 - product) % 10 == Digit(digits.back());
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

// Sum of the digits, each times its weight. More digits than weights: the rest does not count.
int64_t Weighted(absl::string_view digits, std::initializer_list<int> weights) {
  int64_t sum = 0;
  size_t i = 0;
  for (const int weight : weights) sum += weight * Digit(digits[i++]);
  return sum;
}

// A Luhn number that names a province, or one of the special offices.
bool IsItalian(absl::string_view digits) {
  const int64_t office = Number(digits.substr(7, 3));
  const bool is_office =
      (office >= 1 && office <= 100) || office == 120 || office == 121 || office == 888 || office == 999;
  return is_office && IsLuhn(digits);
}

bool IsAustrian(absl::string_view id) {
  const absl::string_view digits = id.substr(1);
  int sum = 4;
  for (int i = 0; i < 7; ++i) {
    const int value = Digit(digits[i]) * (i % 2 == 0 ? 1 : 2);
    sum += value > 9 ? value - 9 : value;
  }
  return (10 - sum % 10) % 10 == Digit(digits[7]);
}

// Companies have 9 digits; persons, foreigners and others 10, each kind with weights of its own.
bool IsBulgarian(absl::string_view digits) {
  if (digits.size() == 9) {
    int64_t check = Weighted(digits, {1, 2, 3, 4, 5, 6, 7, 8}) % 11;
    if (check == 10) check = Weighted(digits, {3, 4, 5, 6, 7, 8, 9, 10}) % 11;
    return check % 10 == Digit(digits[8]);
  }
  const int check = Digit(digits[9]);
  return Weighted(digits, {2, 4, 8, 5, 10, 9, 7, 3, 6}) % 11 % 10 == check ||
         Weighted(digits, {21, 19, 17, 13, 11, 9, 7, 3, 1}) % 10 == check ||
         (11 - Weighted(digits, {4, 3, 2, 7, 6, 5, 4, 3, 2}) % 11) % 11 == check;
}

bool IsCypriot(absl::string_view id) {
  constexpr int kOddPlaces[] = {1, 0, 5, 7, 9, 13, 15, 17, 19, 21};
  int sum = 0;
  for (int i = 0; i < 8; ++i) sum += i % 2 == 0 ? kOddPlaces[Digit(id[i])] : Digit(id[i]);
  return !absl::StartsWith(id, "12") && id[8] == 'A' + sum % 26;
}

// 8 digits: companies. 9: persons under special numbers (from 6) or born before 1954, who have no check
// digit. 10: persons.
bool IsCzech(absl::string_view digits) {
  if (digits.size() == 8) {
    const int64_t check = (11 - Weighted(digits, {8, 7, 6, 5, 4, 3, 2}) % 11) % 11;
    return digits[0] != '9' && (check == 0 ? 1 : check % 10) == Digit(digits[7]);
  }
  if (digits.size() == 9) {
    if (digits[0] != '6') return true;
    const int64_t sum = Weighted(digits.substr(1), {8, 7, 6, 5, 4, 3, 2}) % 11;
    return 8 - (10 - sum) % 11 == Digit(digits[8]);
  }
  return Number(digits.substr(0, 9)) % 11 % 10 == Digit(digits[9]);
}

bool IsDanish(absl::string_view digits) {
  return Weighted(digits, {2, 7, 6, 5, 4, 3, 2, 1}) % 11 == 0;
}

bool IsEstonian(absl::string_view digits) {
  return Weighted(digits, {3, 7, 1, 3, 7, 1, 3, 7, 1}) % 10 == 0;
}

bool IsGreek(absl::string_view digits) {
  return Weighted(digits, {256, 128, 64, 32, 16, 8, 4, 2}) % 11 % 10 == Digit(digits[8]);
}

bool IsFinnish(absl::string_view digits) {
  return Weighted(digits, {7, 9, 10, 5, 8, 4, 2, 1}) % 11 == 0;
}

bool IsHungarian(absl::string_view digits) {
  return Weighted(digits, {9, 7, 3, 1, 9, 7, 3, 1}) % 10 == 0;
}

// Seven digits, the check letter, maybe a second letter that counts; before 2013 the second place was a
// letter.
bool IsIrish(absl::string_view id) {
  constexpr absl::string_view kLetters = "WABCDEFGHIJKLMNOPQRSTUV";
  std::string digits(id.substr(0, 7));
  if (!absl::ascii_isdigit(id[1])) digits = std::string("0") + std::string(id.substr(2, 5)) + id[0];
  int64_t sum = Weighted(digits, {8, 7, 6, 5, 4, 3, 2});
  if (id.size() == 9) {
    const size_t second = kLetters.find(id[8]);
    if (second == absl::string_view::npos) return false;
    sum += 9 * static_cast<int64_t>(second);
  }
  return kLetters[sum % 23] == id[7];
}

bool IsLithuanian(absl::string_view digits) {
  const size_t last = digits.size() - 1;
  if (digits[last - 1] != '1') return false;
  const auto sum = [&](size_t shift) {
    int64_t total = 0;
    for (size_t i = 0; i < last; ++i) total += static_cast<int64_t>(1 + (i + shift) % 9) * Digit(digits[i]);
    return total % 11;
  };
  const int64_t first = sum(0);
  return (first == 10 ? sum(2) % 10 : first) == Digit(digits[last]);
}

bool IsLuxembourgish(absl::string_view digits) {
  return Number(digits.substr(0, 6)) % 89 == Number(digits.substr(6));
}

// Companies begin above 3; persons' numbers have a check digit only if they were given out before 2017 (not
// 32).
bool IsLatvian(absl::string_view digits) {
  if (digits[0] > '3') return Weighted(digits, {9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1}) % 11 == 3;
  if (absl::StartsWith(digits, "32")) return true;
  return (1 + Weighted(digits, {10, 5, 8, 4, 2, 1, 6, 3, 7, 9})) % 11 % 10 == Digit(digits[10]);
}

bool IsMaltese(absl::string_view digits) {
  return Weighted(digits, {3, 4, 6, 7, 8, 9, 10, 1}) % 37 == 0;
}

bool IsPolish(absl::string_view digits) {
  return Weighted(digits, {6, 5, 7, 2, 3, 4, 5, 6, 7}) % 11 == Digit(digits[9]);
}

bool IsPortuguese(absl::string_view digits) {
  const int64_t check = (11 - Weighted(digits, {9, 8, 7, 6, 5, 4, 3, 2}) % 11) % 11 % 10;
  return digits[0] != '0' && check == Digit(digits[8]);
}

bool IsRomanian(absl::string_view digits) {
  const std::string padded = std::string(10 - digits.size(), '0') + std::string(digits);
  return digits[0] != '0' && 10 * Weighted(padded, {7, 5, 3, 2, 1, 7, 5, 3, 2}) % 11 % 10 == Digit(padded[9]);
}

// The organisation's number, then which of its registrations.
bool IsSwedish(absl::string_view digits) {
  return IsLuhn(digits.substr(0, 10)) && digits.substr(10) != "00";
}

// Numbers whose check digit would be 11 are not given out.
bool IsSlovene(absl::string_view digits) {
  const int64_t check = 11 - Weighted(digits, {8, 7, 6, 5, 4, 3, 2}) % 11;
  return digits[0] != '0' && check != 11 && check % 10 == Digit(digits[7]);
}

bool IsSlovak(absl::string_view digits) {
  return digits[0] != '0' && Number(digits) % 11 == 0;
}

// Nine digits, maybe a branch's three; modulo 97, since 2010 shifted by 55 to either side. Government
// departments and health authorities have a number of their own below and from 500.
bool IsBritish(absl::string_view id) {
  if (id.size() == 5) return (Number(id.substr(2)) < 500) == absl::StartsWith(id, "GD");
  const int64_t rest = (Weighted(id, {8, 7, 6, 5, 4, 3, 2}) + Number(id.substr(7, 2))) % 97;
  return rest == 0 || (Number(id.substr(0, 3)) >= 100 && (rest == 42 || rest == 55));
}

// "E", nine digits, maybe the register's letters.
bool IsSwiss(absl::string_view id) {
  const absl::string_view digits = id.substr(1);
  return (11 - Weighted(digits, {5, 4, 3, 2, 7, 6, 5, 4}) % 11) % 11 == Digit(digits[8]);
}

bool IsNorwegian(absl::string_view digits) {
  return (11 - Weighted(digits, {3, 2, 7, 6, 5, 4, 3, 2}) % 11) % 11 == Digit(digits[8]);
}

struct Check {
  absl::string_view prefix;
  bool (*is_right)(absl::string_view id);
};

constexpr Check kChecks[] = {
    {"AT", IsAustrian}, {"BE", IsBelgian},    {"BG", IsBulgarian},  {"CH", IsSwiss},
    {"CY", IsCypriot},  {"CZ", IsCzech},      {"DE", IsMod1110},    {"DK", IsDanish},
    {"EE", IsEstonian}, {"EL", IsGreek},      {"ES", IsSpanish},    {"FI", IsFinnish},
    {"FR", IsFrench},   {"GB", IsBritish},    {"HR", IsMod1110},    {"HU", IsHungarian},
    {"IE", IsIrish},    {"IT", IsItalian},    {"LT", IsLithuanian}, {"LU", IsLuxembourgish},
    {"LV", IsLatvian},  {"MT", IsMaltese},    {"NL", IsDutch},      {"NO", IsNorwegian},
    {"PL", IsPolish},   {"PT", IsPortuguese}, {"RO", IsRomanian},   {"SE", IsSwedish},
    {"SI", IsSlovene},  {"SK", IsSlovak},     {"XI", IsBritish},
};

}  // namespace

bool HasCheckDigits(absl::string_view prefix, absl::string_view id) {
  if (prefix == "DE" && id[0] == '0') return false;
  for (const Check& check : kChecks) {
    if (check.prefix == prefix) return check.is_right(id);
  }
  return true;
}

}  // namespace perennial::billing::core
