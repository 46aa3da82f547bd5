#pragma once

#include "absl/strings/string_view.h"

namespace perennial::domain_mailbox::core {

// The part of an address before the @: 1 to 64 of a-z 0-9 . _ -, beginning and ending with a letter or digit,
// no two dots in a row. Far less than RFC 5321 allows, so that it is safe everywhere.
bool IsLocalPart(absl::string_view text);

// Addresses that the operator of mail must answer itself (RFC 2142; CA/Browser Forum 3.2.2.4.4 for
// certificates).
bool IsReservedLocalPart(absl::string_view text);

}  // namespace perennial::domain_mailbox::core
