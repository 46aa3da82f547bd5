#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace perennial::crypto {

// Authenticated encryption (XChaCha20-Poly1305) under a key of kKeyBytes. `context` says where the text
// belongs, e.g. table, column and row; what is opened in another context does not open.
std::string Seal(absl::string_view key, absl::string_view context, absl::string_view text);

// Nothing if it was changed, or sealed under another key or for another context.
std::optional<std::string> Open(absl::string_view key, absl::string_view context, absl::string_view sealed);

}  // namespace perennial::crypto
