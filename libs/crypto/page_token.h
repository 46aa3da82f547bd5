#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace perennial::crypto {

// Page tokens (AIP-158): opaque, and authenticated, so that a changed one is refused instead of read.
class PageTokens {
 public:
  // `key`: kKeyBytes, the same in all processes of a service.
  explicit PageTokens(std::string key) : key_(std::move(key)) {}

  // `list`: what is listed and how, e.g. method and parent, so that a token of another list is refused.
  // `position`: where the next page begins, e.g. the last row's key. Not secret: it can be decoded.
  std::string Make(absl::string_view list, absl::string_view position) const;

  // The position in `token`; an empty token is an empty position, the first page.
  // Else INVALID_ARGUMENT / PAGE_TOKEN_INVALID.
  absl::StatusOr<std::string> Read(absl::string_view list, absl::string_view token) const;

 private:
  const std::string key_;
};

}  // namespace perennial::crypto
