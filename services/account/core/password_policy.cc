#include "services/account/core/password_policy.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "services/account/core/text.h"

namespace perennial::account::core {
namespace {

// The passwords that guessers try first, in lower case; only those that are long enough to get here. Sorted.
constexpr std::array<absl::string_view, 79> kWellKnown = {
    "00000000",   "0123456789", "0987654321",   "11111111",    "1111111111", "11223344",      "112233445566",
    "12121212",   "123123123",  "1234512345",   "12341234",    "12344321",   "12345678",      "123456789",
    "1234567890", "123456789a", "1234567891",   "12345678910", "123qweasd",  "147258369",     "1q2w3e4r",
    "1q2w3e4r5t", "1qaz2wsx",   "1qaz2wsx3edc", "22222222",    "55555555",   "66666666",      "77777777",
    "87654321",   "88888888",   "98765432",     "987654321",   "99999999",   "a1234567",      "a12345678",
    "aaaaaaaa",   "abc12345",   "abcd1234",     "abcdefgh",    "admin123",   "administrator", "asdfasdf",
    "asdfghjk",   "asdfghjkl",  "azerty123",    "azertyui",    "azertyuiop", "baseball",      "basketball",
    "bonjour1",   "changeme",   "chocolat",     "computer",    "doudou123",  "football",      "iloveyou",
    "iloveyou1",  "internet",   "jetaime1",     "letmein1",    "letmein123", "loulou123",     "marseille",
    "motdepasse", "p@ssw0rd",   "passw0rd",     "password",    "password1",  "password12",    "password123",
    "princess",   "q1w2e3r4",   "qwer1234",     "qwerty12",    "qwerty123",  "qwertyuiop",    "sunshine",
    "superman",   "welcome1"};

bool IsWellKnown(absl::string_view password) {
  const std::string lower = absl::AsciiStrToLower(password);
  return std::binary_search(kWellKnown.begin(), kWellKnown.end(), absl::string_view(lower));
}

}  // namespace

PasswordVerdict JudgePassword(absl::string_view password, absl::string_view email_key) {
  const int64_t characters = CountCharacters(password);
  if (characters < kMinPasswordCharacters) return PasswordVerdict::kTooShort;
  if (characters > kMaxPasswordCharacters) return PasswordVerdict::kTooLong;
  if (IsWellKnown(password)) return PasswordVerdict::kWellKnown;
  if (absl::AsciiStrToLower(password) == email_key) return PasswordVerdict::kSameAsEmail;
  return PasswordVerdict::kGood;
}

std::string AdviceFor(PasswordVerdict verdict) {
  switch (verdict) {
    case PasswordVerdict::kGood:
      return "";
    case PasswordVerdict::kTooShort:
      return "the password must have at least 8 characters; 15 are better";
    case PasswordVerdict::kTooLong:
      return "the password must have at most 128 characters";
    case PasswordVerdict::kWellKnown:
      return "the password is among the first that are guessed; choose another";
    case PasswordVerdict::kSameAsEmail:
      return "the password must not be the e-mail address";
  }
  return "";
}

}  // namespace perennial::account::core
