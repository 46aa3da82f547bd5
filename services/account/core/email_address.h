#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace perennial::account::core {

// An address to sign in with.
struct EmailAddress {
  std::string text;  // as entered, without the spaces around it
  std::string key;   // lower case: two addresses with one key are one account
};

// The usual form local@domain in ASCII (RFC 5321 without quoted local parts and address literals), at most
// 254 bytes; an internationalised domain in its xn-- form. Nothing for anything else.
std::optional<EmailAddress> ParseEmailAddress(absl::string_view text);

}  // namespace perennial::account::core
