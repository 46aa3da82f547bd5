#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/billing/app/ports.h"

namespace perennial::crypto {
class PageTokens;
}

namespace perennial::billing {

// A page that a list request asks for.
struct PageRequest {
  std::string list;  // what is listed, with its filters: a token of another list is refused
  std::optional<PagePosition> after;
  int size = 0;
};

// 0: 50; at most 200. INVALID_ARGUMENT for a negative one.
absl::StatusOr<int> ReadPageSize(int page_size);

// INVALID_ARGUMENT for a negative size, PAGE_TOKEN_INVALID.
absl::StatusOr<PageRequest> ReadPage(const crypto::PageTokens& tokens, std::string list, int page_size,
                                     absl::string_view page_token);

// Stores read one row more than the page has; empty if there is none.
std::string NextPageToken(const crypto::PageTokens& tokens, const PageRequest& page,
                          const std::optional<PagePosition>& last_if_more);

// Cuts the row too many off. The position of the last row, if there was one.
template <typename T, typename PositionOf>
std::optional<PagePosition> CutToPage(std::vector<T>& rows, int size, PositionOf position_of) {
  if (static_cast<int>(rows.size()) <= size) return std::nullopt;
  rows.erase(rows.begin() + size, rows.end());
  return position_of(rows.back());
}

}  // namespace perennial::billing
