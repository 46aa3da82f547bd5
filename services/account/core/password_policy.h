#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace perennial::account::core {

// ASVS 5, 6.2: at least 8 characters, at least 64 allowed, no rules of composition, none of the best known.
inline constexpr int64_t kMinPasswordCharacters = 8;
inline constexpr int64_t kMaxPasswordCharacters = 128;

enum class PasswordVerdict { kGood, kTooShort, kTooLong, kWellKnown, kSameAsEmail };

PasswordVerdict JudgePassword(absl::string_view password, absl::string_view email_key);

// What to do about it, for the customer's developer; empty for kGood.
std::string AdviceFor(PasswordVerdict verdict);

}  // namespace perennial::account::core
