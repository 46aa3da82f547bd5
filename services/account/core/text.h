#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"

namespace perennial::account::core {

// Code points of valid UTF-8.
int64_t CountCharacters(absl::string_view utf8);

// False if `utf8` holds control characters: they have no place in a name, and Postgres cannot keep NUL.
bool IsPlainText(absl::string_view utf8);

// Only what names of the IANA database are made of; keeps odd bytes from the file system.
bool LooksLikeTimeZone(absl::string_view name);

}  // namespace perennial::account::core
