#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace perennial::crypto {

// argon2id, 19 MiB, 2 passes (OWASP Password Storage; ASVS 5 App. C). About 27 ms. At most two run at a time:
// more only take memory. The result names its parameters, so they can be raised later.
std::string HashPassword(absl::string_view password);

// False for a wrong password. Takes as long for a hash that is empty, so that unknown accounts cannot be told
// apart.
bool VerifyPassword(const std::string& hash, absl::string_view password);

}  // namespace perennial::crypto
