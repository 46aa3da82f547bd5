#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/page_token.h"

// Lists: page_size 0 is 50, at most 200; tokens say where the next page begins.
namespace perennial::subscription {

struct PageRequest {
  int size = 0;
  std::string after;
};

// `list`: what is listed and how; a token of another list is refused.
inline absl::StatusOr<PageRequest> ReadPage(const crypto::PageTokens& tokens, const std::string& list,
                                            int page_size, const std::string& page_token) {
  if (page_size < 0) return InvalidField("page_size", "must not be negative");
  PageRequest page{page_size == 0 ? 50 : std::min(page_size, 200), ""};
  ASSIGN_OR_RETURN(page.after, tokens.Read(list, page_token));
  return page;
}

// Call with one row more than the page has; drops it, and returns the token of the next page, or "".
template <typename Row, typename Position>
std::string EndPage(const crypto::PageTokens& tokens, const std::string& list, const PageRequest& page,
                    std::vector<Row>& rows, Position position) {
  if (rows.size() <= static_cast<size_t>(page.size)) return "";
  rows.resize(static_cast<size_t>(page.size));
  return tokens.Make(list, position(rows.back()));
}

}  // namespace perennial::subscription
