#include "services/billing/rpc/paging.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/page_token.h"

namespace perennial::billing {
namespace {

constexpr int kDefaultSize = 50;
constexpr int kMaxSize = 200;

}  // namespace

absl::StatusOr<int> ReadPageSize(int page_size) {
  if (page_size < 0) return InvalidField("page_size", "must not be negative");
  return page_size == 0 ? kDefaultSize : std::min(page_size, kMaxSize);
}

absl::StatusOr<PageRequest> ReadPage(const crypto::PageTokens& tokens, std::string list, int page_size,
                                     absl::string_view page_token) {
  PageRequest page;
  ASSIGN_OR_RETURN(page.size, ReadPageSize(page_size));
  ASSIGN_OR_RETURN(const std::string position, tokens.Read(list, page_token));
  page.list = std::move(list);
  if (position.empty()) return page;
  const std::vector<absl::string_view> parts = absl::StrSplit(position, '/');
  int64_t micros = 0;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &micros)) return absl::InternalError("page position");
  page.after = PagePosition{absl::FromUnixMicros(micros), Uuid::FromTrusted(parts[1])};
  return page;
}

std::string NextPageToken(const crypto::PageTokens& tokens, const PageRequest& page,
                          const std::optional<PagePosition>& last_if_more) {
  if (!last_if_more) return "";
  return tokens.Make(page.list,
                     absl::StrCat(absl::ToUnixMicros(last_if_more->time), "/", last_if_more->id.ToString()));
}

}  // namespace perennial::billing
